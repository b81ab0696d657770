"""The stub program: own names, then gateways, then the miss that lets the system ask elsewhere.

`answer` is the way of one query; `groups` and `learned` say which gateways are asked, and in which
order; `asking` asks them, and `check` judges what they say with our own compiled view; `fallback`
asks the machine's own nameservers; `assembly` and `program` put it all together.
"""
