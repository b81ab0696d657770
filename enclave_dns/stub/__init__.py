"""The stub program: own names, then gateways, then the miss that lets the system ask elsewhere.

`answer` is the way of one query, `gateways` asks them, `check` judges what they say with our own
compiled view, `program` assembles it all.
"""
