"""`python -m enclave_dns` is the command `enclave-dns`."""

import sys

from enclave_dns.cli import main

sys.exit(main())
