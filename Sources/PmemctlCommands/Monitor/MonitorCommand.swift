import ArgumentParser
import PmemDevice
import PmemInspect
import PmemOutput
import SystemPackage

struct MonitorCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "monitor",
    abstract: "Report changes of health, errors, scrubs, security, firmware and devices, each once.",
    discussion: """
      Reports what has changed from one look to the next, with the old and the new value; at first what is bad already. \
      Never writes to a device. Others than root see what sysfs shows, which is not the DIMMs' own health.
      """)

  @Option(
    name: .long,
    help: ArgumentHelp("Between two looks; events of the kernel come between.", valueName: "seconds"))
  var interval = 10.0

  @Flag(name: .long, help: "Look once, and end.")
  var once = false

  @Option(
    name: .long,
    help: ArgumentHelp("Remember there what was seen, and tell what has changed since.", valueName: "file"))
  var state: String?

  @Flag(name: .long, help: "Write to the journal of systemd instead of standard output.")
  var journal = false

  @Option(
    name: .long, help: ArgumentHelp("Also write pmemctl.prom there, for Prometheus.", valueName: "directory"))
  var textfile: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Run it for each event, with severity, device, property, old and new value.", valueName: "program"))
  var exec: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    guard interval >= 0.05, interval <= 86_400 else {
      throw DeviceError(.usage, "--interval must be between 0.05 and 86400 seconds")
    }
    guard !journal || !output.json else {
      throw DeviceError(.usage, "--journal and --json exclude each other")
    }
    let memory = state.map { MonitorState(file: FilePath($0)) }
    var known = try memory?.read()
    var written = known
    let sink = MonitorSink(context: context, isJSON: output.json, usesJournal: journal, program: exec)
    let wakeup = context.isSimulated(machine) || once ? nil : DeviceEvents()
    var isReady = false
    repeat {
      let reading = try MachineReading(of: context.open(machine, forWriting: false))
      let observed = MachineObservation(reading)
      wakeup?.watch(dimms: reading.inventory.dimms.map(\.dev))
      let time = context.now()
      var told = known ?? MachineObservation()
      do {
        for event in observed.events(since: known) {
          try sink.deliver(event, at: time)
          told = told.applying(event)
        }
      } catch {
        // What was delivered is not repeated, the rest is.
        try memory?.write(told)
        throw error
      }
      known = observed.keeping(known)
      try keep(context) { () throws(DeviceError) in
        if let textfile { try MetricsFile(in: textfile).write(MonitorMetrics(reading, time: time)) }
      }
      if let memory, let known, known != written {
        try keep(context) { () throws(DeviceError) in
          try memory.write(known)
          written = known
        }
      }
      if !isReady { notifyReady(context) }
      isReady = true
    } while !once && pause(wakeup, context)
  }

  /// Writes a file. A full disk is reported, and the next look writes again; a single look fails.
  private func keep(_ context: CommandContext, _ write: () throws(DeviceError) -> Void) throws(DeviceError) {
    do throws(DeviceError) { try write() } catch {
      guard !once else { throw error }
      context.note(error.summary)
    }
  }

  /// For a unit of `Type=notify`: the first look is done.
  private func notifyReady(_ context: CommandContext) {
    guard let path = context.environment["NOTIFY_SOCKET"] else { return }
    _ = ServiceSocket(path).send(Array("READY=1\n".utf8))
  }

  /// Until the next look is due.
  private func pause(_ wakeup: DeviceEvents?, _ context: CommandContext) -> Bool {
    guard let wakeup else { return context.pause(interval) }
    wakeup.wait(seconds: interval)
    return true
  }
}
