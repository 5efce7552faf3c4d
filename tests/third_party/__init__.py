"""Programs of other people against the sandbox: `make third-parties`. They are installed when they are first needed."""
