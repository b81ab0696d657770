"""Packet in, reply out: listeners, admission, the reply cache, limits.

Knows nothing of gateways or stubs: a `Program` says who asks (`identify`) and what the reply is;
this room can send nothing but a `Reply`.
"""
