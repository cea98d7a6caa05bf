using System.Runtime.InteropServices;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;
using static ControlPlane.Kernel.Native.NetlinkConstants;

namespace ControlPlane.Kernel.Netlink;

/// <summary>Handles one message of an answer.</summary>
internal delegate void NetlinkHandler<TState>(TState state, in NetlinkMessage message);

/// <summary>
/// Sends requests to the kernel and reads its answers, one request at a time. The kernel answers within the call that sends the
/// request, so a lock around both costs nothing. Safe on any thread.
/// </summary>
internal sealed class NetlinkClient : IDisposable
{
    // A datagram of a dump has at most 32 KiB (NLMSG_GOODSIZE and netlink_dump). A single answer can be longer.
    private const int FirstBufferBytes = 32 * 1024;
    private const int MaxBufferBytes = 4 * 1024 * 1024;
    private const int Attempts = 16;
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly NetlinkSocket _socket;
    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(FirstBufferBytes);
    private uint _sequence;

    public NetlinkClient(int protocol)
    {
        _socket = new NetlinkSocket(protocol);
        _socket.SetReceiveTimeout(AnswerTimeout);
    }

    private enum Outcome
    {
        Complete,
        TooLong,
        Interrupted,
    }

    /// <summary>Sends the request and passes each message of the answer to <paramref name="handler"/>.</summary>
    /// <param name="request">The request. This method sets its sequence number.</param>
    /// <param name="state">The content of the answer. Each attempt begins with a new one, so that answers do not mix.</param>
    /// <param name="handler">Adds a message to the state.</param>
    /// <returns>0, or the errno in the kernel's answer.</returns>
    /// <remarks>
    /// If the kernel marks a dump as interrupted by changes (NLM_F_DUMP_INTR), the request is sent again. If the changes do not
    /// end, the latest answer is used: notifications of these changes follow.
    /// </remarks>
    /// <exception cref="KernelException">The socket failed, or there was no answer.</exception>
    public int Ask<TState>(Span<byte> request, out TState state, NetlinkHandler<TState> handler)
        where TState : new()
    {
        lock (_lock)
        {
            for (var attempt = 1; ; attempt++)
            {
                state = new TState();
                ref var header = ref MemoryMarshal.AsRef<nlmsghdr>(request);
                header.nlmsg_seq = ++_sequence;
                _socket.Send(request);
                var isDump = (header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
                var outcome = ReadAnswer(isDump, state, handler, out var errno);
                if (outcome == Outcome.TooLong && _buffer.Length < MaxBufferBytes)
                    _buffer = GC.AllocateUninitializedArray<byte>(_buffer.Length * 2);
                else if (outcome == Outcome.TooLong)
                    throw KernelCall.Failure("netlink answer", Errno.ENOBUFS);
                else if (outcome == Outcome.Complete || attempt >= Attempts)
                    return errno;
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    // A dump ends with NLMSG_DONE. NLM_F_MULTI does not tell: the netdev family of generic netlink omits it.
    private Outcome ReadAnswer<TState>(bool isDump, TState state, NetlinkHandler<TState> handler, out int errno)
    {
        var outcome = Outcome.Complete;
        errno = 0;
        while (true)
        {
            var length = _socket.Receive(_buffer, flags: 0);
            if (length < 0)
                throw KernelCall.Failure("recvfrom(netlink answer)", -length);
            if (length > _buffer.Length)
            {
                outcome = Outcome.TooLong;
                // A dump continues, and the kernel refuses other requests on this socket until the whole dump is read.
                if (isDump)
                    continue;
                return outcome;
            }

            foreach (var message in new NetlinkMessages(_buffer.AsSpan(0, length)))
            {
                if (message.Sequence != _sequence)
                    continue; // the rest of an abandoned answer
                if ((message.Flags & NLM_F_DUMP_INTR) != 0 && outcome == Outcome.Complete)
                    outcome = Outcome.Interrupted;
                if (message.Type is NLMSG_ERROR or NLMSG_DONE)
                {
                    errno = message.Errno;
                    return outcome;
                }

                handler(state, message);
                if (!isDump)
                    return outcome;
            }
        }
    }
}
