import CNdctl
import Glibc
import PmemDevice

/// Firmware, by the commands of Intel's family (ndctl/lib/intel.c) and the attributes of its activation.
extension DimmHandle {
  var firmware: FirmwareReading {
    guard unsafe ndctl_dimm_fw_update_supported(pointer) == 0,
      let info = unsafe ndctl_dimm_cmd_new_fw_get_info(pointer)
    else { return .notSupported }
    defer { unsafe ndctl_cmd_unref(info) }
    let status = unsafe ndctl_cmd_submit(info)
    guard status >= 0 else {
      return [EACCES, EPERM].contains(-status) ? .notPermitted : .failed(NdctlContext.text(-status))
    }
    let answer = unsafe ndctl_cmd_fw_xlat_firmware_status(info)
    guard answer == FW_SUCCESS else { return .failed(Self.words(answer)) }
    let staged = unsafe ndctl_cmd_fw_info_get_updated_version(info)
    let storage = unsafe ndctl_cmd_fw_info_get_storage_size(info)
    return .reported(
      DimmFirmware(
        running: unsafe ndctl_cmd_fw_info_get_run_version(info),
        staged: staged == 0 || staged == .max ? nil : staged,
        storage: storage == .max ? nil : UInt64(storage), activation: activation, result: activationResult))
  }

  private var activation: DimmFirmware.Activation? {
    switch unsafe ndctl_dimm_get_fw_activate_state(pointer) {
    case NDCTL_FWA_IDLE: .idle
    case NDCTL_FWA_ARMED: .armed
    case NDCTL_FWA_BUSY: .busy
    default: nil
    }
  }

  private var activationResult: DimmFirmware.Result? {
    switch unsafe ndctl_dimm_get_fw_activate_result(pointer) {
    case NDCTL_FWA_RESULT_NONE: DimmFirmware.Result.none
    case NDCTL_FWA_RESULT_SUCCESS: .success
    case NDCTL_FWA_RESULT_NOTSTAGED: .notStaged
    case NDCTL_FWA_RESULT_NEEDRESET: .needReset
    case NDCTL_FWA_RESULT_FAIL: .fail
    default: nil
    }
  }

  /// - Returns: 0 or the negative error number of the kernel.
  /// - Throws: What the DIMM answered, in words.
  func perform(_ operation: FirmwareOperation) throws(DeviceError) -> Int32 {
    switch operation {
    case .abandonUpdate: return try abandonUpdate()
    case .stage(let image):
      try stage(image)
      return 0
    case .arm: return arming(unsafe ndctl_dimm_fw_activate_arm(pointer), .armed)
    case .disarm: return arming(unsafe ndctl_dimm_fw_activate_disarm(pointer), .idle)
    }
  }

  /// The library answers with the new state; with none if the kernel refused.
  private func arming(_ state: ndctl_fwa_state, _ wanted: DimmFirmware.Activation) -> Int32 {
    if state != NDCTL_FWA_INVALID { return 0 }
    return activation == wanted ? 0 : -(errno == 0 ? EIO : errno)
  }

  // MARK: Staging

  /// Ends whichever update is open: starting one gives its context, or that of the one that is open.
  private func abandonUpdate() throws(DeviceError) -> Int32 {
    guard let start = unsafe ndctl_dimm_cmd_new_fw_start_update(pointer) else { return -EOPNOTSUPP }
    defer { unsafe ndctl_cmd_unref(start) }
    let status = unsafe ndctl_cmd_submit(start)
    guard status >= 0 else { return status }
    return unsafe abort(start)
  }

  private func abort(_ start: OpaquePointer) -> Int32 {
    guard let abort = unsafe ndctl_dimm_cmd_new_fw_abort(start) else { return -EOPNOTSUPP }
    defer { unsafe ndctl_cmd_unref(abort) }
    return unsafe ndctl_cmd_submit(abort)
  }

  private struct Limits {
    /// Bytes.
    var piece: Int
    /// Microseconds.
    var interval: UInt32
    var longest: UInt32
  }

  private func stage(_ image: [UInt8]) throws(DeviceError) {
    let limits = try limits()
    let start = unsafe ndctl_dimm_cmd_new_fw_start_update(pointer)
    guard let start = unsafe start else { throw failure("begin", EOPNOTSUPP) }
    defer { unsafe ndctl_cmd_unref(start) }
    try unsafe submit(start, "begin")
    do throws(DeviceError) {
      try unsafe send(image, start, limits)
      guard let finish = unsafe ndctl_dimm_cmd_new_fw_finish(start) else {
        throw failure("finish", EOPNOTSUPP)
      }
      defer { unsafe ndctl_cmd_unref(finish) }
      try unsafe submit(finish, "finish")
      try unsafe waitForVerification(start, limits)
    } catch {
      guard unsafe abort(start) >= 0 else {
        throw error.adding(details: ["the update may still be open on \(dev): --abandon-open ends it"])
      }
      throw error
    }
  }

  private func limits() throws(DeviceError) -> Limits {
    guard let info = unsafe ndctl_dimm_cmd_new_fw_get_info(pointer) else {
      throw failure("begin", EOPNOTSUPP)
    }
    defer { unsafe ndctl_cmd_unref(info) }
    try unsafe submit(info, "begin")
    let piece = unsafe ndctl_cmd_fw_info_get_max_send_len(info)
    guard piece > 0, piece != .max else { throw failure("begin", EINVAL) }
    return Limits(
      piece: Int(piece), interval: unsafe ndctl_cmd_fw_info_get_query_interval(info),
      longest: unsafe ndctl_cmd_fw_info_get_max_query_time(info))
  }

  private func send(_ image: [UInt8], _ start: OpaquePointer, _ limits: Limits) throws(DeviceError) {
    var offset = 0
    while offset < image.count {
      var part = Array(image[offset..<min(image.count, offset + limits.piece)])
      let size = UInt32(part.count)
      let command = unsafe part.withUnsafeMutableBytes { bytes in
        unsafe ndctl_dimm_cmd_new_fw_send(start, UInt32(offset), size, bytes.baseAddress)
      }
      guard let command = unsafe command else { throw failure("send a part of", ENOMEM) }
      defer { unsafe ndctl_cmd_unref(command) }
      try unsafe submit(command, "send \(part.count) bytes at \(offset) of")
      offset += part.count
    }
  }

  /// The DIMM tells how long that may take, and how often it wants to be asked.
  private func waitForVerification(_ start: OpaquePointer, _ limits: Limits) throws(DeviceError) {
    let pause = min(max(limits.interval, 10_000), 1_000_000)
    let longest = limits.longest == .max ? 600_000_000 : max(UInt64(limits.longest), 10_000_000)
    var waited: UInt64 = 0
    while true {
      guard let query = unsafe ndctl_dimm_cmd_new_fw_finish_query(start) else {
        throw failure("verify", ENOMEM)
      }
      defer { unsafe ndctl_cmd_unref(query) }
      let status = unsafe ndctl_cmd_submit(query)
      guard status >= 0 else { throw failure("verify", -status) }
      let answer = unsafe ndctl_cmd_fw_xlat_firmware_status(query)
      if answer == FW_SUCCESS { return }
      guard answer == FW_EBUSY else { throw refusal("verify", answer) }
      guard waited < longest else { throw failure("verify", ETIMEDOUT) }
      usleep(pause)
      waited += UInt64(pause)
    }
  }

  private func submit(_ command: OpaquePointer, _ verb: String) throws(DeviceError) {
    let status = unsafe ndctl_cmd_submit(command)
    guard status >= 0 else { throw failure(verb, -status) }
    let answer = unsafe ndctl_cmd_fw_xlat_firmware_status(command)
    guard answer == FW_SUCCESS else { throw refusal(verb, answer) }
  }

  private func failure(_ verb: String, _ error: Int32) -> DeviceError {
    DeviceError(
      DeviceError.Code(errno: error),
      "cannot \(verb) the firmware update of \(dev): \(NdctlContext.text(error))",
      errno: error)
  }

  private func refusal(_ verb: String, _ answer: ND_FW_STATUS) -> DeviceError {
    DeviceError(
      .failed, "cannot \(verb) the firmware update of \(dev): \(Self.words(answer))",
      details: answer == FW_EBUSY ? ["--abandon-open ends an update that another program left open"] : [],
      errno: answer == FW_EBUSY ? EBUSY : EIO)
  }

  private static func words(_ answer: ND_FW_STATUS) -> String {
    switch answer {
    case FW_ENOTSUPP: "the DIMM does not support it"
    case FW_ENOTEXIST: "the DIMM is missing"
    case FW_EINVAL: "the DIMM calls the input invalid"
    case FW_EHWERR: "the DIMM reports a hardware error"
    case FW_ERETRY: "the DIMM asks to try again"
    case FW_ENORES: "the DIMM is out of resources"
    case FW_ENOTREADY: "the DIMM is not ready"
    case FW_EBUSY: "the DIMM is busy with another update"
    case FW_EINVAL_CTX: "the DIMM does not know this update"
    case FW_ALREADY_DONE: "the DIMM has this firmware already"
    case FW_EBADFW: "the DIMM rejects the image"
    case FW_ABORTED: "the update was abandoned"
    case FW_ESEQUENCE: "the DIMM expects another command"
    default: "the DIMM gives no reason"
    }
  }
}
