import Glibc
import PmemDevice

/// A CXL region, created and removed by attributes of sysfs (Documentation/ABI/testing/sysfs-bus-cxl), whole or not at all.
struct CxlRegionDevice {
  private static let devices = "/sys/bus/cxl/devices/"

  private let dev: String

  init(_ dev: String) { self.dev = dev }

  // MARK: Creating

  /// Allocates memory of the devices, then addresses, then programs the decoders and binds the region's driver. What was done
  /// is rolled back if an attribute is refused.
  ///
  /// - Parameter recipe: With a size, and for persistent memory a UUID.
  /// - Throws: The refusal: which attribute, and what the kernel's error number means there.
  static func create(_ recipe: CxlRecipe) throws(DeviceError) {
    guard let size = recipe.size?.rawValue else {
      throw DeviceError(.usage, "cannot create \(recipe.region): it has no size")
    }
    let region = CxlRegionDevice(recipe.region)
    var allocated: [String] = []
    var isCreated = false
    do throws(DeviceError) {
      for member in recipe.members {
        let decoder = try freeDecoder(of: member.memdev, for: recipe)
        try region.set(decoder, "mode", recipe.kind.rawValue, for: recipe)
        try region.set(decoder, "dpa_size", "\(size / UInt64(recipe.members.count))", for: recipe)
        allocated.append(decoder)
      }
      try region.set(recipe.window, "create_\(recipe.kind.rawValue)_region", recipe.region, for: recipe)
      isCreated = true
      try region.set("interleave_granularity", "\(recipe.granularity)", for: recipe)
      try region.set("interleave_ways", "\(recipe.members.count)", for: recipe)
      // The kernel wants the newline (region.c:uuid_store).
      if let uuid = recipe.uuid { try region.set("uuid", "\(uuid)\n", for: recipe) }
      try region.set("size", "\(size)", for: recipe)
      for (position, decoder) in allocated.enumerated() {
        try region.set("target\(position)", decoder, for: recipe)
      }
      try region.set("commit", "1", for: recipe)
      try region.bind(recipe)
    } catch {
      let left = region.rollBack(isCreated ? recipe.window : nil, allocated)
      throw error.adding(details: left)
    }
  }

  /// The first decoder of a device's endpoint behind all that belong to regions. What is allocated to it and to those behind
  /// it, as by a tool that failed, is freed: the kernel allocates and frees in that order only (hdm.c:__cxl_dpa_reserve).
  private static func freeDecoder(
    of memdev: String, for recipe: CxlRecipe
  ) throws(DeviceError) -> String {
    for endpoint in names(in: devices) where endpoint.hasPrefix("endpoint") {
      guard linkTarget(devices + endpoint + "/uport") == memdev else { continue }
      let free = freeDecoders(of: endpoint)
      release(free)
      guard let first = free.first else {
        throw refusal(recipe, "all decoders of \(memdev) are in use", EBUSY)
      }
      return first
    }
    throw refusal(recipe, "no CXL port leads to \(memdev)", ENXIO)
  }

  /// Those behind the last that belongs to a region, in order.
  private static func freeDecoders(of endpoint: String) -> ArraySlice<String> {
    // Beside them there is the attribute decoders_committed.
    let decoders = names(in: devices + endpoint).filter { $0.hasPrefix("decoder") && $0.contains(".") }
      .sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
    let used = decoders.lastIndex { !(attribute(devices + $0 + "/region") ?? "").isEmpty }
    return decoders[(used.map { $0 + 1 } ?? 0)...]
  }

  /// Frees what is allocated to decoders, from the last on.
  ///
  /// - Returns: What could not be freed, in words.
  @discardableResult
  private static func release(_ decoders: some BidirectionalCollection<String>) -> [String] {
    decoders.reversed().compactMap { decoder in
      guard let size = attribute(devices + decoder + "/dpa_size"), !isZero(size) else { return nil }
      let status = setAttribute(devices + decoder + "/dpa_size", "0")
      return status < 0 ? "\(decoder) keeps its memory: \(NdctlContext.text(-status))" : nil
    }
  }

  /// Binds the driver cxl_region, whose probe creates libnvdimm's region.
  private func bind(_ recipe: CxlRecipe) throws(DeviceError) {
    let driver = "/sys/bus/cxl/drivers/cxl_region/"
    let status = setAttribute(driver + "bind", dev)
    // Some kernels bind it themselves.
    guard status < 0, linkTarget(Self.devices + dev + "/driver") == nil else { return }
    throw Self.refusal(
      recipe,
      status == -ENXIO
        ? "its driver found no bridge to libnvdimm: cxl_pmem is missing (modprobe cxl_pmem)"
        : "its driver does not take it: \(NdctlContext.text(-status))", -status)
  }

  // MARK: Enabling

  /// Programs the decoders, unless they are, and binds the driver, unless it is bound. What was done is rolled back if the driver
  /// does not take it.
  ///
  /// - Throws: Which attribute was refused.
  func enable() throws(DeviceError) {
    _ = try window()
    let wasCommitted = attribute(Self.devices + dev + "/commit") == "1"
    if !wasCommitted { try check(setAttribute(Self.devices + dev + "/commit", "1"), "commit", "enable") }
    guard linkTarget(Self.devices + dev + "/driver") == nil else { return }
    let status = setAttribute("/sys/bus/cxl/drivers/cxl_region/bind", dev)
    guard status < 0, linkTarget(Self.devices + dev + "/driver") == nil else { return }
    if !wasCommitted { _ = setAttribute(Self.devices + dev + "/commit", "0") }
    try check(status, "bind", "enable")
  }

  // MARK: Removing

  /// Unbinds the driver, which removes what is on the region, resets the decoders, and frees addresses and memory. If a step
  /// fails before the region is gone, it is bound again.
  ///
  /// - Throws: Which attribute was refused, and what is left.
  func destroy() throws(DeviceError) {
    let window = try window()
    let ways = attribute(Self.devices + dev + "/interleave_ways").flatMap { Int($0) } ?? 0
    let decoders = (0..<ways).compactMap { attribute(Self.devices + dev + "/target\($0)") }
    let wasBound = linkTarget(Self.devices + dev + "/driver") != nil
    do throws(DeviceError) {
      if wasBound { try check(setAttribute(Self.devices + dev + "/driver/unbind", dev), "driver/unbind") }
      try check(setAttribute(Self.devices + dev + "/commit", "0"), "commit")
      try check(setAttribute(Self.devices + window + "/delete_region", dev), "delete_region")
    } catch {
      _ = setAttribute(Self.devices + dev + "/commit", "1")
      if wasBound { _ = setAttribute("/sys/bus/cxl/drivers/cxl_region/bind", dev) }
      throw error
    }
    var left: [String] = []
    for decoder in decoders {
      // With all that its endpoint has allocated behind it for no region.
      let endpoint = linkPath(Self.devices + decoder).split(separator: "/").dropLast().last.map(String.init)
      left += Self.release(endpoint.map(Self.freeDecoders) ?? [decoder])
    }
    guard left.isEmpty else {
      throw DeviceError(.failed, "\(dev) is removed, but not all of its memory is free", details: left)
    }
  }

  private func window() throws(DeviceError) -> String {
    // The region is a directory of its root decoder's.
    let parents = linkPath(Self.devices + dev).split(separator: "/").dropLast()
    guard let window = parents.last, window.hasPrefix("decoder") else {
      throw DeviceError(.notFound, "\(dev) is no longer there", errno: ENXIO)
    }
    return String(window)
  }

  private func check(_ status: Int32, _ name: String, _ verb: String = "remove") throws(DeviceError) {
    guard status < 0 else { return }
    throw DeviceError(
      DeviceError.Code(errno: -status), "cannot \(verb) the CXL region \(dev): \(NdctlContext.text(-status))",
      details: ["the kernel refused \(name)"], errno: -status)
  }

  /// Undoes what a failed creation did.
  ///
  /// - Returns: What could not be rolled back, in words.
  private func rollBack(_ window: String?, _ decoders: [String]) -> [String] {
    var left: [String] = []
    if let window {
      _ = setAttribute(Self.devices + dev + "/commit", "0")
      let status = setAttribute(Self.devices + window + "/delete_region", dev)
      if status < 0 { left.append("\(dev) is still there: \(NdctlContext.text(-status))") }
    }
    return left + Self.release(decoders)
  }

  // MARK: Attributes

  private func set(_ name: String, _ value: String, for recipe: CxlRecipe) throws(DeviceError) {
    try set(dev, name, value, for: recipe)
  }

  private func set(
    _ device: String, _ name: String, _ value: String, for recipe: CxlRecipe
  ) throws(DeviceError) {
    let status = setAttribute(Self.devices + device + "/" + name, value)
    guard status < 0 else { return }
    let text = value.filter { $0 != "\n" }
    throw Self.refusal(
      recipe, NdctlContext.text(-status), -status,
      details: ["the kernel refused \(name) = \(text) of \(device)"]
        + (Self.meaning(of: name, -status, device).map { [$0] } ?? []))
  }

  private static func refusal(
    _ recipe: CxlRecipe, _ why: String, _ errno: Int32, details: [String] = []
  ) -> DeviceError {
    DeviceError(
      DeviceError.Code(errno: errno), "cannot create the CXL region \(recipe.region): \(why)",
      details: details, errno: errno)
  }

  /// What drivers/cxl/core means by an error number.
  private static func meaning(of name: String, _ errno: Int32, _ device: String) -> String? {
    switch (name, errno) {
    case ("dpa_size", ENOSPC): "the device has less free"
    case ("dpa_size", EBUSY), ("mode", EBUSY): "another decoder of the device is in the way"
    case ("create_pmem_region", EBUSY), ("create_ram_region", EBUSY), ("create_pmem_region", EAGAIN):
      "another region was created at the same time"
    case ("interleave_ways", EINVAL): "the window interleaves another number of host bridges"
    case ("interleave_granularity", EINVAL): "the window has another granularity"
    case ("uuid", EBUSY): "another region has this UUID"
    case ("size", ENOSPC), ("size", ERANGE), ("size", EBUSY): "the window has no room for it"
    case (_, ENXIO) where name.hasPrefix("target"):
      "the device is behind no host bridge of the window, or a decoder on the way cannot interleave so"
    case (_, EBUSY) where name.hasPrefix("target"):
      "a port on the way has no free decoder, or a region at higher addresses uses it"
    case (_, EINVAL) where name.hasPrefix("target"): "the device cannot have this position"
    case ("commit", EBUSY): "a decoder on the way is out of order"
    case ("commit", EIO), ("commit", ETIMEDOUT): "the hardware did not take the decoders' settings"
    default: nil
    }
  }

  /// An attribute's number, in decimal or hexadecimal digits.
  private static func isZero(_ text: String) -> Bool {
    text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) == 0 : UInt64(text) == 0
  }
}
