"""A policy-aware DNS stub resolver and forwarder for overlay networks with gateways.

A *stub* on a laptop answers `.enclave` names and forwards every unknown name to a *gateway*. The
gateway resolves it through its own hosts file and nameservers, and discloses to the sender only
records that lead to addresses which the sender's access policies let it reach.
"""

__version__ = "0.1.0"
