import ArgumentParser
import PmemDevice
import PmemSim

/// Scenario files, and what of the model they are run without.
struct SimScenarioOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Take a rule out of the memory model, to see what depends on it; may be given many times.",
      valueName: "rule"))
  var without: [String] = []

  @OptionGroup var output: OutputOptions

  var rules: Set<SimRule> {
    get throws(DeviceError) {
      var rules: Set<SimRule> = []
      for name in without {
        guard let rule = SimRule(rawValue: name) else {
          throw DeviceError(
            .usage, "--without: there is no rule \"\(name)\"",
            details: ["there is: \(SimRule.allCases.map(\.rawValue).joined(separator: ", "))"])
        }
        rules.insert(rule)
      }
      return rules
    }
  }

  static func read(_ file: String) throws(DeviceError) -> Scenario {
    try ScenarioParser.parse(try InputFile.read(file, limit: ScenarioParser.mostBytes), file: file)
  }
}

/// How much of a scenario's orders to try.
struct SimBudgetOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Try all orders of the threads' steps where there are no more than this.", valueName: "n"))
  var most = ExplorationBudget().most

  @Option(
    name: .long, help: ArgumentHelp("Where there are more, try so many, drawn at random.", valueName: "n"))
  var samples = ExplorationBudget().samples

  @Option(name: .long, help: ArgumentHelp("Of the drawing: the same gives the same.", valueName: "n"))
  var seed: UInt64 = 1

  var budget: ExplorationBudget {
    get throws(DeviceError) {
      guard most >= 0, samples >= 0 else {
        throw DeviceError(.usage, "--most and --samples are not negative")
      }
      return ExplorationBudget(most: most, samples: samples, seed: seed)
    }
  }
}
