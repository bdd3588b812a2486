import PmemDevice

/// The notes of daxctl on memory blocks before it changes them.
enum MemoryNotes {
  /// Another agent may have put some online in a zone that was not asked for.
  static func beforeOnlining(_ device: DaxDevice, _ session: ToolSession) {
    guard device.memory?.online ?? 0 > 0 else { return }
    session.note(
      """
      \(device.chardev):
        WARNING: detected a race while onlining memory
        Some memory may not be in the expected zone. It is
        recommended to disable any other onlining mechanisms,
        and retry. If onlining is to be left to other agents,
        use the --no-online option to suppress this warning
      """)
  }

  /// Whether nothing is left to do; says how much is done.
  static func isOnline(_ device: DaxDevice, _ session: ToolSession) -> Bool {
    guard let memory = device.memory, memory.online > 0 else { return false }
    return isDone(device, memory.online, of: memory.total, "online", session)
  }

  static func isOffline(_ device: DaxDevice, _ session: ToolSession) -> Bool {
    guard let memory = device.memory, memory.online < memory.total else { return false }
    return isDone(device, memory.total - memory.online, of: memory.total, "offline", session)
  }

  private static func isDone(
    _ device: DaxDevice, _ count: Int, of total: Int, _ state: String, _ session: ToolSession
  ) -> Bool {
    guard count < total else {
      session.note("\(device.chardev): all memory sections (\(count)) already \(state)")
      return true
    }
    session.note("\(device.chardev): \(counted(count, "memory section")) already \(state)")
    return false
  }
}
