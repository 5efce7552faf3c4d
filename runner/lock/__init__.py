"""What happened: facts and their order, the lockfile, the ledger and the store."""
