"""From a question to a resolution: what is decided here, what is remembered, what must be asked.

Serves all senders alike and knows no policy: nothing that leaves this room can be sent.
"""
