"""What this machine itself knows: hosts file, resolv.conf, and the names that never go upstream.

The parsers (`hosts`, `resolv_conf`) take bytes and give frozen tables; whatever a line holds, they
skip it or read it, and never raise. `special` is a literal table. The files themselves are read in
`files` and watched in `watching`, apart from all decisions; `netlink` asks the kernel.
"""
