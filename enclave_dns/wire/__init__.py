"""DNS messages as bytes: reading and writing them, bounded, and nothing else.

Pure: no socket, clock, randomness or log. Every reader here takes hostile bytes, raises only
`MessageError`, and does work proportional to the bytes it was given (see `budget`). Names travel
as uncompressed wire format (`names`), records as `Record` with the names inside their RDATA
already expanded, so that nothing above this room ever meets a compression pointer.
"""
