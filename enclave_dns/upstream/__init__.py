"""Asking another DNS server, nameserver and gateway alike.

The decisions are pure: does this datagram answer us (`match`), what does the reply say (`reading`),
whom to ask next and how (`selection`), is a server alive (`health`). `exchange` asks one server one
question over a socket; `nameservers` joins all of it for the system's nameservers.
"""
