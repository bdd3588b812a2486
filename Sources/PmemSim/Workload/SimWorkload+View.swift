public import PmemDevice
import PmemModel

/// Users that no process shows, and who looks from where.
extension SimWorkload {
  /// Has the kernel itself open a namespace's device.
  ///
  /// - Parameters:
  ///   - name: A device or a namespace.
  ///   - holder: For whom.
  /// - Throws: ``DeviceError/Code/notFound``; ``DeviceError/Code/failed`` for what is no namespace's own device.
  public func hold(_ name: String, by holder: SimHolder) throws(DeviceError) {
    let device = try ownDevice(name)
    try change { $0.holders.append(SimView.Holder(kind: holder, device: device)) }
  }

  /// Has the kernel close what ``hold(_:by:)`` opened.
  ///
  /// - Parameters:
  ///   - name: A device or a namespace.
  ///   - holder: For whom it was opened.
  /// - Throws: ``DeviceError/Code/notFound`` if it has not.
  public func release(_ name: String, by holder: SimHolder) throws(DeviceError) {
    let wanted = SimView.Holder(kind: holder, device: try ownDevice(name))
    guard machine.kernel.view.holders.contains(wanted) else {
      throw DeviceError(
        .notFound, "\(holder.rawValue) does not have \(name) open", try: ["pmemctl user list"])
    }
    try change { view in
      if let place = view.holders.firstIndex(of: wanted) { view.holders.remove(at: place) }
    }
  }

  /// Decides what whoever looks at this machine cannot see.
  ///
  /// - Parameter parts: All that is hidden from now on.
  /// - Throws: What writing the machine says.
  public func hide(_ parts: Set<Unseen.Part>) throws(DeviceError) { try change { $0.hidden = parts } }

  private func change(_ body: (inout SimView) -> Void) throws(DeviceError) {
    try SimMachine.rethrowing { try machine.change { kernel in body(&kernel.view) } }
  }

  private func ownDevice(_ name: String) throws(DeviceError) -> DeviceID {
    guard case .device(let device) = try volume(name) else {
      throw DeviceError(.failed, "\(name) is no namespace's own device", errno: 22)
    }
    return device
  }
}
