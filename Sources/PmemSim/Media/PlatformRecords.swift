import PmemDevice

/// What the platform of a simulated machine can do beyond storing data: scrubs, and the firmware of its DIMMs. It belongs to
/// the hardware: a boot keeps it. A platform without records has neither, like QEMU's.
struct PlatformRecords: Hashable {
  /// The firmware of one DIMM.
  struct Firmware: Hashable {
    var running: UInt64
    var staged: UInt64?
    /// Bytes that an image may have.
    var storage: UInt64 = 1 << 20
    var isArmed = false
    var result = DimmFirmware.Result.none
    /// Whether another program has left an update open.
    var isOpen = false
  }

  /// How long a scrub takes; nil if there is none.
  var scrubSeconds: UInt64?
  /// nil if only a power cycle activates firmware.
  var activation: FirmwareActivation.Method?
  private var firmware: [Int: Firmware] = [:]

  /// Armed DIMMs together take a second each, and the platform permits three (linux: nfit_test's budget).
  static let mostArmed = 3

  subscript(dimm: Int) -> Firmware? {
    get { firmware[dimm] }
    set { firmware[dimm] = newValue }
  }

  var armed: [Int] { firmware.filter { $0.value.isArmed }.keys.sorted() }

  /// A power cycle activates what is staged, and forgets what was begun.
  mutating func cyclePower() {
    for dimm in firmware.keys {
      if let staged = firmware[dimm]?.staged { firmware[dimm]?.running = staged }
      firmware[dimm]?.staged = nil
      firmware[dimm]?.isArmed = false
      firmware[dimm]?.isOpen = false
      firmware[dimm]?.result = .none
    }
  }

  // MARK: The file

  private static let header = "pmemctl-platform 1"
  /// A scrub of the largest machine takes hours.
  private static let seconds: ClosedRange<UInt64> = 0...1_000_000

  var text: String {
    var platform = RecordLine("platform")
    platform.add("scrub", scrubSeconds)
    platform.add("activation", activation?.rawValue)
    let lines = firmware.sorted { $0.key < $1.key }.map { number, firmware in
      var line = RecordLine("dimm")
      line.add("number", number)
      line.add("running", firmware.running)
      line.add("staged", firmware.staged)
      line.add("storage", firmware.storage)
      line.add("armed", firmware.isArmed ? 1 : 0)
      line.add("open", firmware.isOpen ? 1 : 0)
      line.add("result", firmware.result.rawValue)
      return line
    }
    return RecordFile.text(header: Self.header, [platform] + lines)
  }

  init() {}

  /// Reads the file back.
  ///
  /// - Throws: `DeviceError.Code.corrupt` with file and line for what no platform can do.
  init(parsing text: String, dimms: Int, file: String) throws(DeviceError) {
    var found = PlatformRecords()
    try RecordFile.read(text, header: Self.header, file: file) { line throws(DeviceError) in
      if line.kind == "platform" {
        found.scrubSeconds = try line.optional("scrub", in: Self.seconds, file: file)
        if let word = line["activation"] {
          guard let method = FirmwareActivation.Method(rawValue: word) else {
            throw DeviceError(.corrupt, "\(file), line \(line.number): there is no such activation")
          }
          found.activation = method
        }
        return
      }
      let number = try line.integer("number", file: file, as: Int.self)
      guard line.kind == "dimm", (0..<dimms).contains(number),
        let result = line["result"].flatMap(DimmFirmware.Result.init(rawValue:))
      else {
        throw DeviceError(.corrupt, "\(file), line \(line.number): that is not a DIMM of the machine")
      }
      found[number] = Firmware(
        running: try line.integer("running", file: file), staged: try line.optional("staged", file: file),
        storage: try line.integer("storage", in: RecordRange.bytes, file: file),
        isArmed: try line.integer("armed", in: 0...1, file: file) != 0, result: result,
        isOpen: try line.integer("open", in: 0...1, file: file) != 0)
    }
    self = found
  }
}
