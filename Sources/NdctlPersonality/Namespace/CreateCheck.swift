import PmemDevice

/// The checks of ndctl for a namespace to be created, with its texts: what it lets pass the planner checks again, exactly.
struct CreateCheck {
  /// Why a region cannot have it.
  struct Refusal: Error {
    let code: ReturnCode
    var texts: [String] = []
    /// Whether the texts stand for the general message.
    var isExplained = false

    static let tryAgain = Refusal(code: .tryAgain)
    static func explained(_ text: String) -> Refusal {
      Refusal(code: .invalid, texts: [text], isExplained: true)
    }
    static func noted(_ code: ReturnCode, _ texts: String...) -> Refusal { Refusal(code: code, texts: texts) }
  }

  private let options: CreateOptions
  private let region: Region
  private let namespace: Namespace?
  private let host: HostFacts
  private let fallback: Namespace?

  /// - Parameters:
  ///   - options: Of the command line.
  ///   - region: Where.
  ///   - namespace: To recreate; nil for a new one.
  ///   - host: Page size.
  ///   - fallback: Whose mode it has if none was named.
  init(
    _ options: CreateOptions, _ region: Region, namespace: Namespace?, host: HostFacts,
    default fallback: Namespace? = nil
  ) {
    self.options = options
    self.region = region
    self.namespace = namespace
    self.host = host
    self.fallback = fallback ?? namespace
  }

  func request() -> Result<NamespaceCreateRequest, Refusal> {
    do throws(Refusal) { return .success(try checked()) } catch { return .failure(error) }
  }

  private func checked() throws(Refusal) -> NamespaceCreateRequest {
    guard region.isEnabled else { throw .tryAgain }
    let size = try size()
    guard region.isLabeled || size == region.size.rawValue else {
      throw .noted(
        .invalid, "Legacy / label-less namespaces do not support sub-dividing a region",
        "Retry without -s/--size=")
    }
    if let name = options.name, name.utf8.count > NamespaceCreateRequest.longestName {
      throw .explained("validate_namespace_options: alt name overflow")
    }
    let mode = options.mode ?? fallback?.mode ?? .fsdax
    try check(mode)
    let align = try align(mode)
    try check(size: size, align: align, mode)
    try checkSectorSize(mode)
    let map = try map(mode)
    var request = NamespaceCreateRequest(mode: mode, regions: [region], isRegionGiven: true)
    request.amount = .bytes(ByteCount(size))
    if !region.isLabeled { request.amount = .max }
    request.map = map
    request.align = mode.hasMemoryMap ? align : nil
    request.sectorSize = options.sectorSize
    request.name = region.isLabeled ? options.name : nil
    request.uuid = options.uuid.flatMap { $0.isNull ? nil : $0 }
    request.force = true
    return request
  }

  private func size() throws(Refusal) -> UInt64 {
    let asked = options.size?.bytes ?? namespace?.rawSize.rawValue ?? 0
    guard namespace == nil else { return asked }
    let available = region.isLabeled ? region.maxAvailableExtent.rawValue : region.size.rawValue
    guard available > 0, asked <= available else { throw .tryAgain }
    return asked == 0 ? available : asked
  }

  private func check(_ mode: NamespaceMode) throws(Refusal) {
    if mode == .devdax, region.capabilities.devdaxAlignments.isEmpty {
      throw .noted(.noDevice, "Kernel does not support devdax mode")
    }
    if mode == .fsdax, region.capabilities.fsdaxAlignments.isEmpty {
      throw .noted(.invalid, "operation failed, \(region.dev) cannot support requested mode")
    }
  }

  private func align(_ mode: NamespaceMode) throws(Refusal) -> UInt64 {
    let supported = region.capabilities.alignments(for: mode)
    if let align = options.align {
      guard mode.hasMemoryMap else {
        throw .noted(.noDeviceOrAddress, "\(mode.rawValue) mode does not support setting an alignment")
      }
      guard supported.contains(align) else {
        throw .noted(.noDeviceOrAddress, "unsupported align: \(options.alignText ?? "")")
      }
      return align
    }
    let align =
      if let namespace, namespace.mode == mode {
        namespace.align ?? host.pageSize
      } else if mode.hasMemoryMap {
        supported.filter { $0 <= 2 << 20 }.max() ?? host.pageSize
      } else {
        host.pageSize
      }
    if let start = region.resource, start % align != 0 { return host.pageSize }
    return align
  }

  private func check(size: UInt64, align: UInt64, _ mode: NamespaceMode) throws(Refusal) {
    guard size % region.align == 0 else {
      throw .explained(
        "\(region.dev): align setting is 0x\(String(region.align, radix: 16)) size 0x\(String(size, radix: 16)) is misaligned"
      )
    }
    let ways = UInt64(max(1, region.mappings.count))
    guard size % (align * ways) == 0 else {
      let unit = options.size?.unit ?? 1
      let step = max(unit, align) * ways
      let suffix = [1 << 10: "K", 1 << 20: "M", 1 << 30: "G", 1 << 40: "T"][unit] ?? ""
      throw .explained(
        "'--size=' must align to interleave-width: \(ways) and alignment: \(align)\n"
          + "did you intend --size=\((size / step + 1) * step / unit)\(suffix)?")
    }
    guard size >= 16 << 20 || mode == .raw else {
      if options.size == nil, namespace == nil { throw .tryAgain }
      throw .noted(.invalid, "'--size=' must be >= 16MiB for '\(mode.rawValue)' mode")
    }
  }

  private func checkSectorSize(_ mode: NamespaceMode) throws(Refusal) {
    guard let size = options.sectorSize else { return }
    if mode == .sector {
      guard !region.capabilities.sectorSizes.isEmpty else {
        throw .explained("\(region.dev): does not support 'sector' mode")
      }
      guard region.capabilities.sectorSizes.contains(size) else {
        throw .explained("\(region.dev): does not support btt sector_size \(size)")
      }
    } else if !(region.isLabeled ? [512, 4096] : []).contains(size) {
      throw .explained("\(region.dev): does not support namespace sector_size \(size)")
    }
  }

  private func map(_ mode: NamespaceMode) throws(Refusal) -> MapLocation? {
    guard mode.hasMemoryMap else {
      guard namespace == nil || options.map == nil else {
        throw .explained("\(namespace?.dev ?? ""): --map= only valid for fsdax mode namespace")
      }
      return nil
    }
    return options.map ?? .dev
  }
}
