import ArgumentParser
import PmemDevice
import PmemOutput

struct BusScrubStart: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Start a scrub of buses, in the background.",
    discussion: """
      A scrub takes minutes to hours. The kernel has started one at boot. Memory can be used meanwhile; DIMMs refuse \
      firmware.
      """)

  @Argument(
    help: ArgumentHelp("ndbus0, 0, or a provider; all for every one.", valueName: "bus"),
    completion: .names(.buses))
  var names: [String]

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine).run { backend, inventory in
      let buses = try NameResolver(inventory).buses(names)
      let scrubs = try backend.scrubs(of: buses)
      let planner = ScrubPlanner(Dictionary(uniqueKeysWithValues: zip(buses.map(\.dev), scrubs)))
      let plan = try planner.start(buses)
      if !change.dryRun {
        let started = zip(buses, scrubs).filter { $1.state == .idle }
        context.scrubNotes(machine).begin(started.map { ScrubNotes.Note($0, $1, since: context.now()) })
      }
      return Change.Planned(plan: plan, subject: buses)
    } report: { planned, backend in
      let inventory = try backend.inventory(.listing)
      let buses = inventory.buses.filter { bus in planned.subject.contains { $0.dev == bus.dev } }
      let reports = zip(buses, try backend.scrubs(of: buses)).map {
        ScrubReport($0, $1, context.scrubNotes(machine).note(of: $0))
      }
      guard !output.json else {
        return try context.out.write(JSON.array(reports.map { .object($0.json) }).text)
      }
      let started = Set(planned.plan.entries.map(\.step.target))
      for report in reports where started.contains(report.bus.dev) {
        try context.out.write("started a scrub of \(report.bus.dev)\n")
        context.note("to wait for it: \(context.text("pmemctl bus scrub wait \(report.bus.dev)"))")
      }
    }
  }
}
