"""THE RULE: a sender may learn a record only if it may reach an address that the record leads to.

Everything else looks exactly as if it did not exist. Pure: sets of addresses (`ranges`), the
literal tables of addresses that are never disclosed and of IPv4 inside IPv6 (`special`,
`embedded`), the compiled permission of a class of senders (`view`), the decision (`decide`) and
the only constructors of what may be sent (`reply`).
"""
