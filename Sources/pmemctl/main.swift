import PmemctlCommands

Pmemctl.main()
