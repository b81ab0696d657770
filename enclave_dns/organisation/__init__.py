"""The organisation: who is enrolled, who may reach what, and when. Pure: time is an argument.

`reading` turns the document's bytes (TOML or JSON) into the frozen values of `document` or into
one `DocumentError` with every problem; `permission` says what a sender may reach through a gateway
and why; `connections` says who is connected with whom. pydantic stays inside `models`.
"""
