"""A link of our own without a kernel: what the integrations are told of it."""

from enclave_dns.machine.own_link import Found, OwnLink

INDEX = 7


class FakeLink(OwnLink):
    """A link without a kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.found = Found()

    def open(self) -> None:
        self.require_free()
        self.found, self.index = Found(INDEX, is_ours=True), INDEX

    def close(self) -> None:
        if self.index and self.found.index == self.index:
            self.found = Found()
        self.index = 0

    @property
    def is_there(self) -> bool:
        return self.index > 0 and self.found.index > 0

    def find(self) -> Found:  # type: ignore[override] # a static method without its kernel
        return self.found
