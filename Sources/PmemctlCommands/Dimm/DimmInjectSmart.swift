import ArgumentParser
import PmemDevice
import PmemOutput

struct DimmInjectSmart: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "inject-smart", abstract: "Have DIMMs report another health, to test what watches them.",
    discussion: """
      Whatever watches the DIMM takes it for real until it is withdrawn, or until the next power cycle. Doctor reports what \
      pmemctl has injected.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"))
  var names: [String]

  @Option(
    name: .customLong("media-temperature"), parsing: .unconditional,
    help: ArgumentHelp("In °C, from -254 to 254.", valueName: "celsius"))
  var mediaTemperature: Int?

  @Option(
    name: .customLong("controller-temperature"), parsing: .unconditional,
    help: ArgumentHelp("In °C.", valueName: "celsius"))
  var controllerTemperature: Int?

  @Option(name: .long, help: ArgumentHelp("Remaining spare blocks.", valueName: "percent"))
  var spares: Int?

  @Flag(name: .long, help: "A fatal health state.")
  var fatal = false

  @Flag(name: .customLong("dirty-shutdown"), help: "A dirty shutdown, and its count.")
  var dirtyShutdown = false

  @Flag(name: .long, help: "Withdraw everything that is injected.")
  var withdraw = false

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let injections = try injections()
    guard injections.isEmpty == withdraw else {
      throw DeviceError(
        .usage,
        withdraw ? "--withdraw withdraws everything, and takes no values" : "there is nothing to inject",
        details: withdraw ? [] : ["for example: --media-temperature 90; or --withdraw"])
    }
    let notes = context.injectionNotes(machine)
    let known = Set(notes.dimms)
    var added: [DIMM] = []
    do {
      try inject(injections, notes, in: context) {
        added = $0.filter { !known.contains(DimmNotes.name($0)) }
      }
    } catch let error as DeviceError where OutcomeRendering.hasLeftNothing(error) {
      notes.remove(added)
      throw error
    }
  }

  private func inject(
    _ injections: [HealthInjection], _ notes: DimmNotes, in context: CommandContext,
    noting: ([DIMM]) -> Void
  ) throws {
    try Change(context, change, output, machine).run { backend, inventory in
      let dimms = try NameResolver(inventory).dimms(names)
      let planner = HealthInjectionPlanner(
        Dictionary(uniqueKeysWithValues: zip(dimms.map(\.dev), try backend.injectableHealth(of: dimms))))
      let plan = try withdraw ? planner.withdraw(from: dimms) : planner.inject(injections, into: dimms)
      // Before it takes effect: a note of what is not injected does no harm.
      if !withdraw, !change.dryRun, inventory.host.isPrivileged {
        noting(dimms)
        notes.add(dimms)
      }
      return Change.Planned(plan: plan, subject: dimms)
    } report: { planned, backend in
      if withdraw { notes.remove(planned.subject) }
      try HealthReport.write(planned.subject, of: backend, output, context)
    }
  }

  private func injections() throws(DeviceError) -> [HealthInjection] {
    var found: [HealthInjection] = []
    let temperatures: [(HealthInjection.Kind, Int?)] = [
      (.mediaTemperature, mediaTemperature), (.controllerTemperature, controllerTemperature),
    ]
    for case (let kind, let celsius?) in temperatures {
      guard (-254...254).contains(celsius) else {
        throw DeviceError(.usage, "--\(kind.rawValue): \(celsius) is not between -254 and 254 °C")
      }
      found.append(HealthInjection(kind, Temperature(celsius: celsius).sixteenths))
    }
    if let spares {
      guard (0...100).contains(spares) else {
        throw DeviceError(.usage, "--spares: \(spares) is not between 0 and 100 percent")
      }
      found.append(HealthInjection(.spares, spares))
    }
    if fatal { found.append(HealthInjection(.fatal, 1)) }
    if dirtyShutdown { found.append(HealthInjection(.dirtyShutdown, 1)) }
    return found
  }
}
