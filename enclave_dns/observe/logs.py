"""Log lines on stderr: for people by default, as JSON lines where asked.

No line holds more of a query than counts and reasons; names belong to the query log.
"""

import logging
import sys

import structlog


def configure(level: str, *, is_json: bool, worker: int = 0) -> None:
    """Set up logging for this process; `level` is debug, info, warning or error.

    Every line of a `worker` carries its number; 0: it is none.
    """
    renderer: structlog.typing.Processor
    if is_json:
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if worker:
        processors.append(lambda _logger, _method, event: {**event, "worker": worker})
    if is_json:
        processors.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
