"""This machine's own resolver: what manages it, our place in it, and the way back.

Each integration changes one manager and can undo that from its journal entry alone, with the daemon
dead. Nothing here runs unless `manage_dns` is on.
"""
