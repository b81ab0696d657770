"""The picture of the scenes with peers: CPU for each reply, a bar for each server."""

from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.speed.scenes import ECHO, ECHO_MANY, US
from tests.benchmarks.speed.series import Scene

_OURS, _OTHERS, _FLOOR = "#1f6feb", "#8b949e", "#d0d7de"


def draw(scenes: Mapping[str, Scene], machine: str, file: Path) -> None:
    """Write a PNG with one panel for each scene. Bars are medians, whiskers the whole spread."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(
        1, len(scenes), figsize=(5 * len(scenes), 3.4), squeeze=False, layout="constrained"
    )
    for panel, (name, scene) in zip(panels[0], scenes.items(), strict=True):
        rows = [(server, series.of("cpu")) for server, series in scene.items() if series.runs]
        rows.sort(key=lambda row: -row[1].median)
        servers = [server for server, _ in rows]
        medians = [cpu.median for _, cpu in rows]
        whiskers = [
            [cpu.median - cpu.low for _, cpu in rows],
            [cpu.high - cpu.median for _, cpu in rows],
        ]
        panel.barh(servers, medians, xerr=whiskers, color=[colour(server) for server in servers])
        for row, median in enumerate(medians):
            panel.annotate(
                f"{median:.1f}", (0, row), (3, 0), textcoords="offset points", va="center"
            )
        panel.set_title(f"{name}: CPU microseconds for each reply")
        panel.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(machine, fontsize=7)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)
    plt.close(figure)


def colour(server: str) -> str:
    """Ours, the floor, and everybody else."""
    if server == US:
        return _OURS
    return _FLOOR if server in (ECHO, ECHO_MANY) else _OTHERS
