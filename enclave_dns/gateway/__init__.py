"""The gateway program: who asks (`views`), the loop around the rule (`answer`), the assembly."""
