// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeCore
import CSpawn
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Starts children, watches them and ends them with all their descendants (R36, R37, R39).
///
/// One permanent thread does everything about processes, so that no event loop ever waits for an exec and the parent
/// death signal, which the kernel ties to the spawning thread, means the daemon's death. All callbacks run on that
/// thread and must not block; callers hop to their event loop. (Only what comes after ``shutdown(_:)`` is answered on
/// the caller's thread.) Methods may be called from anywhere, callbacks included.
///
/// The thread ends after ``shutdown(_:)``, or after the last reference is dropped, as soon as no family is left.
package final class ChildSupervisor: Sendable {
    private let mailbox: ChildMailbox

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - adoptsOrphans: makes this process the parent of all orphaned descendants (PR_SET_CHILD_SUBREAPER), finds and
    ///     ends those that left their session, and reaps every orphan. At most one supervisor of a process may do so,
    ///     and nothing else in it may have children.
    ///   - descriptorLimit: what children get as RLIMIT_NOFILE; nil for the daemon's own.
    ///   - groups: where children get control groups of their own; nil where they cannot.
    ///   - notice: called on the thread with what the log should know.
    package init(
        adoptsOrphans: Bool,
        descriptorLimit: DescriptorLimit? = nil,
        groups: ControlGroups? = nil,
        notice: @escaping @Sendable (ChildNotice) -> Void = { _ in }
    ) throws(SpawnError) {
        cspawn_keep_exit_statuses()
        if adoptsOrphans, cspawn_become_subreaper() != 0 {
            throw SpawnError(
                code: .other(stage: "subreaper", errno: errno),
                message: "cannot adopt orphaned descendants: \(SpawnError.text(errno))"
            )
        }
        let launcher = try ChildLauncher(descriptorLimit: descriptorLimit, groups: groups)
        let poll = cspawn_poll_open()
        guard poll >= 0 else {
            let error = errno
            launcher.close()
            throw .resources("no epoll for the children", errno: error)
        }
        let event = cspawn_bell_open()
        guard event >= 0 else {
            let error = errno
            launcher.close()
            close(poll)
            throw .resources("no eventfd for the children", errno: error)
        }
        let mailbox = ChildMailbox(event: event)
        self.mailbox = mailbox
        let failure = PermanentThread.start {
            let loop = ChildLoop(
                mailbox: mailbox,
                poll: poll,
                launcher: launcher,
                adoptsOrphans: adoptsOrphans,
                notice: notice
            )
            loop.run()
        }
        guard failure == 0 else {
            launcher.close()
            close(poll)
            mailbox.close()
            throw .resources("no thread for the children", errno: failure)
        }
    }

    deinit {
        self.shutdown()
    }

    /// Starts a program; requests are served in order.
    ///
    /// - Parameters:
    ///   - onExit: called once when the process itself has exited, at once and however it came.
    ///   - onGone: called once, after `onExit`, when no descendant is left (or what is left was given up, with a notice).
    ///   - completion: called first, once; after a failure neither of the others is called.
    package func spawn(
        _ command: ChildCommand,
        onExit: @escaping @Sendable (ChildExit) -> Void,
        onGone: @escaping @Sendable () -> Void,
        completion: @escaping @Sendable (Result<Child, SpawnError>) -> Void
    ) {
        let request = SpawnRequest(command: command, onExit: onExit, onGone: onGone, completion: completion)
        guard self.mailbox.post(request) else {
            completion(.failure(.stopping))
            return
        }
    }

    /// The child is to end: its stdin is closed by the caller, now or before; the ladder starts. Once is enough, and a
    /// child that has ended already does not mind.
    package func end(_ id: ChildID) {
        self.mailbox.post(end: id)
    }

    /// SIGKILL to every family, now; nothing is started any more.
    package func killAll() {
        self.mailbox.post { $0.kill = true }
    }

    /// Calls back as soon as no spawn is pending and no family is left: no child, no ladder, no stray.
    package func onEmpty(_ callback: @escaping @Sendable () -> Void) {
        let isOpen = self.mailbox.post { $0.onEmpty.append(callback) }
        if !isOpen { callback() }
    }

    /// Nothing is started any more, and the thread ends when no family is left. Children that live are not ended by it.
    ///
    /// - Parameter stopped: called when the thread is about to end and all its descriptors are closed.
    package func shutdown(_ stopped: @escaping @Sendable () -> Void = {}) {
        let isOpen = self.mailbox.post {
            $0.stop = true
            $0.onStopped.append(stopped)
        }
        if !isOpen { stopped() }
    }

    /// Families that are not gone yet: running children and ended ones with something left to reap or to end.
    package var liveCount: Int { self.mailbox.liveCount.load(ordering: .relaxed) }
}

private enum PermanentThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// 0, or the error number of pthread_create(3).
    static func start(_ run: @escaping @Sendable () -> Void) -> CInt {
        // Not by its initializer: which module that belongs to depends on what else is imported in this one.
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        defer { attributes.deallocate() }
        pthread_attr_init(attributes)
        defer { pthread_attr_destroy(attributes) }
        pthread_attr_setdetachstate(attributes, CInt(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(attributes, 1 << 20)
        let body = Unmanaged.passRetained(Body(run))
        var thread = pthread_t()
        let failure = pthread_create(
            &thread,
            attributes,
            { raw in
                cspawn_enter_thread("children")
                if let raw { Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run() }
                return nil
            },
            body.toOpaque()
        )
        if failure != 0 { body.release() }
        return failure
    }
}
