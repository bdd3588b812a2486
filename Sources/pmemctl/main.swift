import NdctlPersonality
import PmemctlCommands

// By its name alone, before any parser is built: a start takes no longer than the other tool's.
if let personality = NdctlPersonality.ofThisProcess {
  Pmemctl.main(as: personality.run)
} else {
  Pmemctl.main()
}
