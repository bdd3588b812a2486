import PmemDevice

/// The lines of a machine's file that say what drivers/cxl has; they come first, because all others rely on its regions.
enum CxlStateRecord {
  static let kinds: Set<String> = ["cxl-slots", "cxl-next", "cxl-decoder", "cxl-bridge", "cxl-region"]

  static func lines(_ state: CxlState) -> [RecordLine] {
    guard !state.nextNumbers.isEmpty || !state.decoders.isEmpty else { return [] }
    var slots = RecordLine("cxl-slots")
    slots.add("number", state.slots)
    return [slots]
      + state.nextNumbers.map { number in
        var line = RecordLine("cxl-next")
        line.add("number", number)
        return line
      }
      + state.decoders.enumerated().flatMap { device, decoders in
        decoders.map { Self.line(device, $0) }
      }
      + state.bridges.enumerated().flatMap { bridge, regions in
        regions.map { region in
          var line = RecordLine("cxl-bridge")
          line.add("bridge", bridge)
          line.add("region", region)
          return line
        }
      } + state.regions.map(line)
  }

  private static func line(_ device: Int, _ decoder: CxlState.Decoder) -> RecordLine {
    var line = RecordLine("cxl-decoder")
    line.add("device", device)
    line.add("kind", decoder.kind.rawValue)
    line.add("start", decoder.start)
    line.add("size", decoder.size)
    line.add("region", decoder.region)
    return line
  }

  private static func line(_ region: CxlState.Region) -> RecordLine {
    var line = RecordLine("cxl-region")
    line.add("number", region.number)
    line.add("window", region.window)
    line.add("kind", region.kind.rawValue)
    line.add("granularity", region.granularity)
    line.add("members", region.members.map { "\($0.device).\($0.decoder)" }.joined(separator: ","))
    line.add("base", region.base)
    line.add("size", region.size)
    line.add("uuid", region.uuid?.description)
    return line
  }
}

/// Reads the lines that ``CxlStateRecord`` wrote, and refuses what does not fit the machine.
struct CxlStateReader {
  private(set) var state: CxlState
  private let hardware: SimCxl
  private let platformRegions: Int
  private let file: String

  /// Every number of a region is below this: as many as all decoders and windows can have, and the platform's.
  private let limit: Int

  init(_ hardware: SimCxl, platformRegions: Int, file: String) {
    self.hardware = hardware
    self.platformRegions = platformRegions
    self.file = file
    state = CxlState(booting: hardware, platformRegions: platformRegions)
    state.nextNumbers = []
    let decoders = hardware.devices.reduce(0) { $0 + $1.decoders }
    limit = platformRegions + hardware.windows.count + decoders + 1
  }

  mutating func read(_ line: RecordLine) throws(DeviceError) {
    switch line.kind {
    case "cxl-slots": state.slots = try line.integer("number", in: platformRegions...limit, file: file)
    case "cxl-next":
      state.nextNumbers.append(try line.integer("number", in: platformRegions...limit, file: file))
    case "cxl-decoder":
      let device = try line.integer("device", file: file, as: Int.self)
      guard hardware.devices.indices.contains(device) else { throw misfit(line) }
      state.decoders[device].append(try decoder(line, of: device))
    case "cxl-bridge":
      let bridge = try line.integer("bridge", file: file, as: Int.self)
      guard state.bridges.indices.contains(bridge) else { throw misfit(line) }
      state.bridges[bridge].append(try line.optional("region", in: 0...limit, file: file))
    default: state.regions.append(try region(line))
    }
  }

  /// What was read, or the state after a boot if nothing was.
  ///
  /// - Throws: `DeviceError.Code.corrupt` if the parts do not fit each other.
  func complete() throws(DeviceError) -> CxlState {
    let booted = CxlState(booting: hardware, platformRegions: platformRegions)
    var unread = booted
    unread.nextNumbers = []
    guard state != unread else { return booted }
    let numbers = state.regions.map(\.number)
    let named =
      state.decoders.flatMap { $0.compactMap(\.region) } + state.bridges.flatMap { $0.compactMap { $0 } }
    guard state.nextNumbers.count == hardware.windows.count, numbers.allSatisfy({ $0 < state.slots }),
      numbers == numbers.sorted(),
      Set(numbers + state.nextNumbers).count == numbers.count + state.nextNumbers.count,
      named.allSatisfy(numbers.contains)
    else {
      throw DeviceError(.corrupt, "\(file), line 1: the regions of CXL do not fit their decoders and windows")
    }
    return state
  }

  private func misfit(_ line: RecordLine) -> DeviceError {
    DeviceError(.corrupt, "\(file), line \(line.number): it does not fit the machine's CXL hardware")
  }

  private func decoder(_ line: RecordLine, of device: Int) throws(DeviceError) -> CxlState.Decoder {
    guard let kind = line["kind"].flatMap(CxlMemoryKind.init(rawValue:)),
      state.decoders[device].count < hardware.devices[device].decoders
    else { throw misfit(line) }
    let decoder = CxlState.Decoder(
      kind: kind, start: try line.integer("start", in: RecordRange.bytes, file: file),
      size: try line.integer("size", in: RecordRange.bytes, file: file),
      region: try line.optional("region", in: 0...limit, file: file))
    let memory = hardware.devices[device]
    let (first, end) = kind == .ram ? (0, memory.ramSize) : (memory.ramSize, memory.ramSize + memory.pmemSize)
    guard decoder.start >= first, decoder.size > 0, decoder.start <= end, decoder.size <= end - decoder.start
    else { throw misfit(line) }
    return decoder
  }

  private func region(_ line: RecordLine) throws(DeviceError) -> CxlState.Region {
    let members = (line["members"] ?? "").split(separator: ",").map { word -> CxlState.Member? in
      let numbers = word.split(separator: ".").map { Int($0) }
      guard numbers.count == 2, let device = numbers[0], let decoder = numbers[1] else { return nil }
      return CxlState.Member(device: device, decoder: decoder)
    }
    guard let kind = line["kind"].flatMap(CxlMemoryKind.init(rawValue:)), !members.isEmpty,
      members.allSatisfy({ $0 != nil })
    else { throw misfit(line) }
    let region = CxlState.Region(
      number: try line.integer("number", in: platformRegions...limit, file: file),
      window: try line.integer("window", file: file), kind: kind,
      granularity: try line.integer("granularity", file: file), members: members.compactMap { $0 },
      base: try line.integer("base", in: 0...1 << 52, file: file),
      size: try line.integer("size", in: RecordRange.bytes, file: file),
      uuid: line["uuid"].flatMap { DeviceUUID($0) })
    guard fits(region) else { throw misfit(line) }
    return region
  }

  private func fits(_ region: CxlState.Region) -> Bool {
    guard hardware.windows.indices.contains(region.window),
      CxlRegionRequest.granularities.contains(region.granularity),
      CxlRegionRequest.ways.contains(region.members.count)
    else { return false }
    let window = hardware.windows[region.window]
    let ways = UInt64(region.members.count)
    return region.base >= window.base && region.base - window.base <= window.size
      && region.size <= window.size - (region.base - window.base)
      && Set(region.members.map(\.device)).count == region.members.count
      && region.members.allSatisfy { member in
        guard state.decoders.indices.contains(member.device),
          state.decoders[member.device].indices.contains(member.decoder)
        else { return false }
        let decoder = state.decoders[member.device][member.decoder]
        return decoder.kind == region.kind && decoder.size == region.size / ways && region.size % ways == 0
          && decoder.region == region.number
      }
  }
}
