import ArgumentParser
import PmemDevice
import PmemModel
import PmemSim

/// Scenario files, and what of the model they are run without.
struct SimScenarioOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Disable a rule of the memory model, to see what depends on it; may be repeated.",
      valueName: "rule"))
  var without: [String] = []

  @OptionGroup var output: OutputOptions

  var rules: Set<ModelRule> {
    get throws(DeviceError) {
      var rules: Set<ModelRule> = []
      for name in without {
        guard let rule = ModelRule(rawValue: name) else {
          throw DeviceError(
            .usage, "--without: there is no rule \"\(name)\"",
            details: ["valid values: \(ModelRule.allCases.map(\.rawValue).joined(separator: ", "))"])
        }
        rules.insert(rule)
      }
      return rules
    }
  }

  static func read(_ file: String, in context: CommandContext) throws(DeviceError) -> Scenario {
    let bytes = try InputFile.read(file, limit: ScenarioParser.mostBytes)
    return try ScenarioParser.parse(bytes, file: file, by: context.root)
  }
}

/// How much of a scenario's orders to try.
struct SimBudgetOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Sample orders at random if there are more than this; by default never.",
      valueName: "n"))
  var most: Int?

  @Option(
    name: .long, help: ArgumentHelp("Visit at most this many different states.", valueName: "n"))
  var maxStates = ExplorationBudget().maxStates

  @Option(
    name: .long, help: ArgumentHelp("With --most: number of orders to sample.", valueName: "n"))
  var samples = ExplorationBudget().samples

  @Option(
    name: .long,
    help: ArgumentHelp("Seed of the sampling: the same seed samples the same orders.", valueName: "n"))
  var seed: UInt64 = 1

  var budget: ExplorationBudget {
    get throws(DeviceError) {
      guard most ?? 0 >= 0, samples >= 0 else {
        throw DeviceError(.usage, "--most and --samples are not negative")
      }
      guard maxStates > 0 else { throw DeviceError(.usage, "--max-states is at least 1") }
      return ExplorationBudget(maxStates: maxStates, maxOrders: most, samples: samples, seed: seed)
    }
  }
}
