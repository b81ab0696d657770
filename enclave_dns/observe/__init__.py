"""What people see of the programs: logs, and the models behind `explain` and `status`."""
