"""The gateway program: who asks (`views`), the loop around the rule (`answer`), the assembly.

`policy` keeps the views in step with document and clock. What is large is read by a child process
(`compiling`, `child`, `compiler`), whose results travel packed (`frames`, `packed_views`,
`packed_hosts`).
"""
