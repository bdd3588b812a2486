import PmemDevice

/// The passphrases of a simulated machine's DIMMs, and the key material of its host. Both outlast a power cycle; whether a DIMM
/// is unlocked or frozen does not. A DIMM without a record has no security, as QEMU's have none.
struct SecurityRecords: Hashable {
  /// 32 bytes (linux: NVDIMM_PASSPHRASE_LEN).
  typealias Passphrase = [UInt8]

  struct Record: Hashable {
    /// The DIMM's security state; nil if it has none.
    var passphrase: Passphrase?
    /// Whether the firmware freezes it at power on, as some servers' do.
    var isFrozenByFirmware = false
    /// On the host: the current passphrase, and the pending one.
    var currentKey: Passphrase?
    var pendingKey: Passphrase?
    /// How long an overwrite takes.
    var overwriteSeconds: UInt64 = 0
    /// Seconds since 1970 at which the last overwrite ends; nil if there was none.
    var overwrittenAt: UInt64?
  }

  private var records: [Int: Record] = [:]
  /// Whether the host has a key that passphrases are encrypted by.
  var hasMasterKey = false

  subscript(dimm: Int) -> Record? {
    get { records[dimm] }
    set { records[dimm] = newValue }
  }

  // MARK: The file

  private static let header = "pmemctl-security 1"
  private static let seconds: ClosedRange<UInt64> = 0...1_000_000

  var text: String {
    var host = RecordLine("host")
    host.add("master", hasMasterKey ? 1 : 0)
    let lines = records.sorted { $0.key < $1.key }.map { number, record in
      var line = RecordLine("dimm")
      line.add("number", number)
      line.add("firmware-frozen", record.isFrozenByFirmware ? 1 : 0)
      line.add("passphrase", record.passphrase.map(Self.hex))
      line.add("current", record.currentKey.map(Self.hex))
      line.add("pending", record.pendingKey.map(Self.hex))
      if record.overwriteSeconds > 0 { line.add("overwrite-seconds", record.overwriteSeconds) }
      line.add("overwritten-at", record.overwrittenAt)
      return line
    }
    return RecordFile.text(header: Self.header, [host] + lines)
  }

  init() {}

  /// Reads the file back.
  ///
  /// - Throws: `DeviceError.Code.corrupt` with file and line for what is no DIMM, or no passphrase.
  init(parsing text: String, dimms: Int, file: String) throws(DeviceError) {
    var found = SecurityRecords()
    try RecordFile.read(text, header: Self.header, file: file) { line throws(DeviceError) in
      if line.kind == "host" {
        found.hasMasterKey = try line.integer("master", in: 0...1, file: file) != 0
        return
      }
      let number = try line.integer("number", file: file, as: Int.self)
      guard line.kind == "dimm", (0..<dimms).contains(number) else {
        throw DeviceError(.corrupt, "\(file), line \(line.number): that is not a DIMM of the machine")
      }
      found[number] = Record(
        passphrase: try Self.passphrase("passphrase", line, file),
        isFrozenByFirmware: try line.integer("firmware-frozen", in: 0...1, file: file) != 0,
        currentKey: try Self.passphrase("current", line, file),
        pendingKey: try Self.passphrase("pending", line, file),
        overwriteSeconds: try line.optional("overwrite-seconds", in: Self.seconds, file: file) ?? 0,
        overwrittenAt: try line.optional("overwritten-at", in: RecordRange.counter, file: file))
    }
    self = found
  }

  private static func hex(_ bytes: Passphrase) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func passphrase(
    _ key: String, _ line: RecordLine, _ file: String
  ) throws(DeviceError) -> Passphrase? {
    guard let text = line[key] else { return nil }
    let digits = Array(text.utf8)
    let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
      UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
    }
    guard digits.count == 64, bytes.count == 32 else {
      throw DeviceError(.corrupt, "\(file), line \(line.number): \(key) is not 32 bytes in hexadecimal")
    }
    return bytes
  }
}
