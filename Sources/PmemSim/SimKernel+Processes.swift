import PmemDevice

/// Processes and their address spaces: the beginnings of the memory model.
extension SimKernel {
  // MARK: Processes

  /// Starts a process; without a number it gets the lowest free one from 1000.
  func startProcess(_ command: String, pid: Int?) throws -> Int {
    let used = Set(processes.map(\.pid))
    var number = pid ?? 1000
    if pid == nil { while used.contains(number) { number += 1 } }
    guard number > 0, number < 1 << 22 else { throw SimFault(22, "\(number) is no process number") }
    guard !used.contains(number) else { throw SimFault(17, "there is a process \(number)") }
    processes.append(SimProcess(pid: number, command: String(command.prefix(15))))
    processes.sort { $0.pid < $1.pid }
    return number
  }

  /// Ends a process, and its mappings with it.
  func stopProcess(_ pid: Int) throws { processes.remove(at: try place(pid)) }

  private func place(_ pid: Int) throws -> Int {
    guard let place = processes.firstIndex(where: { $0.pid == pid }) else {
      throw SimFault(3, "there is no process \(pid)")
    }
    return place
  }

  // MARK: Mappings

  /// Maps a part of an enabled namespace's device, shared.
  ///
  /// A DAX device is mapped in multiples of its alignment only (drivers/dax/device.c:check_vma); beyond its end the
  /// mapping is made, and touching it fails.
  ///
  /// - Returns: The address.
  func map(
    _ pid: Int, region: Int, namespace id: Int, offset: UInt64, length: UInt64?, isWritable: Bool
  ) throws -> UInt64 {
    let process = try place(pid)
    let namespace = regions[region].namespaces[try position(region, id)]
    guard namespace.isEnabled else { throw SimFault(6, "namespace\(region).\(id) is disabled") }
    let isDAX = namespace.claim?.kind == .dax
    let page = isDAX ? namespace.claim?.align ?? host.pageSize : host.pageSize
    let size = namespace.claim?.usable ?? namespace.size
    guard offset < size else { throw SimFault(22, "the device ends before \(offset)") }
    let bytes = length ?? size - offset
    guard offset % page == 0, bytes > 0, bytes % page == 0, bytes <= 1 << 50 else {
      throw SimFault(22, "offset and length must be multiples of \(page)")
    }
    let taken = processes[process].mappings.map(\.end).max() ?? Self.firstAddress
    let unit = max(page, 2 << 20)
    let start = (taken + 2 * unit - 1) / unit * unit
    processes[process].mappings.append(
      SimMapping(
        start: start, length: bytes, region: region, namespace: id, offset: offset, isWritable: isWritable,
        pageSize: page, isDAX: isDAX))
    return start
  }

  private static let firstAddress: UInt64 = 0x7f00_0000_0000

  /// Takes a whole mapping, or a part of it at either end or in the middle, away.
  func unmap(_ pid: Int, at address: UInt64, length: UInt64?) throws {
    let process = try place(pid)
    let index = try mapping(process, at: address)
    let mapping = processes[process].mappings[index]
    let end = length.map { address.addingReportingOverflow($0).partialValue } ?? mapping.end
    // Pages of a DAX device are not taken apart (dev_dax_may_split).
    guard (address - mapping.start) % mapping.pageSize == 0, (end &- mapping.start) % mapping.pageSize == 0,
      end > address, end <= mapping.end
    else { throw SimFault(22, "only multiples of \(mapping.pageSize) can be unmapped, inside one mapping") }
    processes[process].mappings.replaceSubrange(
      index...index,
      with: [
        Self.part(mapping, 0..<(address - mapping.start)),
        Self.part(mapping, (end - mapping.start)..<mapping.length),
      ].compactMap { $0 })
  }

  /// nil for nothing.
  private static func part(_ mapping: SimMapping, _ range: Range<UInt64>) -> SimMapping? {
    guard !range.isEmpty else { return nil }
    var part = mapping
    part.start += range.lowerBound
    part.offset += range.lowerBound
    part.length = UInt64(range.count)
    part.populated = mapping.populated.compactMap { extent in
      let own = (extent.offset..<(extent.offset + extent.length)).clamped(to: range)
      return own.isEmpty ? nil : Extent(offset: own.lowerBound - range.lowerBound, length: UInt64(own.count))
    }
    return part
  }

  /// Accesses memory. Where there is none any more, or never was behind the device's end, the process is killed by
  /// SIGBUS.
  ///
  /// - Returns: Whether it lives.
  func touch(_ pid: Int, at address: UInt64, length: UInt64) throws -> Bool {
    let process = try place(pid)
    let index = try mapping(process, at: address)
    let mapping = processes[process].mappings[index]
    guard length > 0, length <= mapping.end - address else {
      throw SimFault(14, "not all of it is mapped: the process would be killed by SIGSEGV")
    }
    let begin = address - mapping.start
    guard !mapping.isRevoked, mapping.offset + begin + length <= size(of: mapping) else {
      processes.remove(at: process)
      return false
    }
    processes[process].mappings[index].populate(begin..<(begin + length))
    return true
  }

  private func size(of mapping: SimMapping) -> UInt64 {
    let namespace = regions[mapping.region].namespaces.first { $0.id == mapping.namespace }
    return namespace?.claim?.usable ?? namespace?.size ?? 0
  }

  private func mapping(_ process: Int, at address: UInt64) throws -> Int {
    let found = processes[process].mappings.firstIndex { $0.start <= address && address < $0.end }
    guard let found else {
      throw SimFault(14, "0x\(String(address, radix: 16)) is not mapped in process \(processes[process].pid)")
    }
    return found
  }

  // MARK: Teardown

  /// A device goes away: its mappings stay, with nothing behind them (drivers/dax/bus.c:kill_dev_dax).
  func revoke(_ region: Int, _ id: Int?) {
    for process in processes.indices {
      for index in processes[process].mappings.indices {
        let mapping = processes[process].mappings[index]
        guard mapping.region == region, id == nil || mapping.namespace == id else { continue }
        processes[process].mappings[index].isRevoked = true
        processes[process].mappings[index].populated = []
      }
    }
  }
}
