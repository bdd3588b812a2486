import ArgumentParser
import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

struct SimPolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "Try the behaviours that kernel developers debated.",
    subcommands: [SimPolicyList.self, SimPolicyExplain.self, SimPolicySet.self])

  static func parse(_ name: String) throws(DeviceError) -> Policy {
    guard let policy = Policy(rawValue: name) else {
      throw DeviceError(
        .usage, "there is no policy \"\(name)\"",
        details: ["valid values: \(Policy.allCases.map(\.rawValue).joined(separator: ", "))"])
    }
    return policy
  }
}

struct SimPolicyList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the policies of a simulated machine, and the choices in force.",
    discussion: ListColumns.help(SimPolicyColumns.all),
    aliases: ["ls"])

  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(SimPolicyColumns.all, list, isJSON: output.json)
    let states = columns.sorted(SimWorkload(try which.open(in: context, forWriting: false)).policies)
    guard !output.json else {
      let values = states.map { state in
        var object = JSONObject()
        object.add("policy", state.policy.rawValue)
        object.add("choice", state.choice)
        object.add("chosen", state.isChosen)
        object.add("choices", state.policy.choices.map(JSON.string))
        return JSON.object(object)
      }
      return try context.out.write(JSON.array(values).text)
    }
    try context.out.write(columns.text(states, in: context))
  }
}

struct SimPolicyExplain: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explain the choices of a policy: who proposed each, its cost, and its history.")

  @Argument(
    help: "Policy; by default all.", completion: .list(Policy.allCases.map(\.rawValue)))
  var policy: [String] = []

  @OptionGroup var output: OutputOptions

  func run(in context: CommandContext) throws {
    let wanted = try policy.map { name throws(DeviceError) in try SimPolicyCommand.parse(name) }
    let policies = wanted.isEmpty ? Policy.allCases : wanted
    guard !output.json else {
      return try context.out.write(JSON.array(policies.map { .object(Self.json($0)) }).text)
    }
    try context.out.write(policies.map(Self.text).joined(separator: "\n"))
  }

  private static func json(_ policy: Policy) -> JSONObject {
    var object = JSONObject()
    object.add("policy", policy.rawValue)
    object.add("question", PolicyCatalog.question(policy))
    object.add(
      "choices",
      PolicyCatalog.choices(of: policy).map { choice in
        var object = JSONObject()
        object.add("name", choice.name)
        object.add("summary", choice.summary)
        object.add("proposer", choice.proposer)
        object.add("cost", choice.cost)
        object.add("outcome", choice.outcome)
        return JSON.object(object)
      })
    return object
  }

  private static func text(_ policy: Policy) -> String {
    var text = "\(policy.rawValue): \(PolicyCatalog.question(policy))\n"
    for choice in PolicyCatalog.choices(of: policy) {
      text += """

          \(choice.name)  \(choice.summary)
            by       \(choice.proposer)
            costs    \(choice.cost)
            became   \(choice.outcome)

        """
    }
    return text
  }
}

struct SimPolicySet: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Choose a policy of a simulated machine's memory model.",
    discussion: "The choice lasts until the next boot; \"kernel\" is the behaviour of the machine's kernel.")

  @Argument(help: "Policy.", completion: .list(Policy.allCases.map(\.rawValue)))
  var policy: String

  @Argument(help: "One of its choices, or kernel.")
  var choice: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  private var chosen: (policy: Policy, choice: String?) {
    get throws(DeviceError) {
      let policy = try SimPolicyCommand.parse(policy)
      guard choice == "kernel" || policy.choices.contains(choice) else {
        throw DeviceError(
          .usage, "\"\(choice)\" is not a choice of \(policy.rawValue)",
          details: ["valid values: \((policy.choices + ["kernel"]).joined(separator: ", "))"])
      }
      return (policy, choice == "kernel" ? nil : choice)
    }
  }

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    let (policy, choice) = try chosen
    return .choose(policy, choice)
  }

  func run(in context: CommandContext) throws {
    let (policy, choice) = try chosen
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.choose(policy, choice)
    try workload.report(.done, of: nil, output, in: context)
  }
}
