"""What to do: pure. The wanted shots and the facts go in; steps with actions, reasons and prices come out."""
