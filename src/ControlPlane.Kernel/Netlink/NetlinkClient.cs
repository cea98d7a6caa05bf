using System.Runtime.InteropServices;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Layout;
using ControlPlane.Kernel.Native;
using static ControlPlane.Kernel.Netlink.NetlinkConstants;

namespace ControlPlane.Kernel.Netlink;

/// <summary>Handles one message of an answer.</summary>
internal delegate void NetlinkHandler<TState>(TState state, in NetlinkMessage message);

/// <summary>
/// Asks the kernel and reads its answers, one request at a time: the kernel answers netlink within the call that sends
/// the request, so that a lock around both costs nothing. Safe on any thread.
/// </summary>
internal sealed class NetlinkClient : IDisposable
{
    // A dump's datagrams are at most 32 KiB (NLMSG_GOODSIZE and netlink_dump); a single answer may be longer.
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

    /// <summary>Sends the request and hands each message of the answer to <paramref name="handler"/>.</summary>
    /// <param name="request">The request; its sequence number is set here.</param>
    /// <param name="state">What was made of the answer: a fresh one for each attempt, so that no attempt's parts are mixed.</param>
    /// <param name="handler">Puts a message into the state.</param>
    /// <returns>0, or the errno that the kernel answered.</returns>
    /// <remarks>
    /// A dump that the kernel marks as interrupted by changes (NLM_F_DUMP_INTR) is asked for again; should changes not
    /// cease, the last answer stands, for the notifications of these changes are still to come.
    /// </remarks>
    /// <exception cref="KernelException">The socket failed, or no answer came.</exception>
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

    // A dump ends with NLMSG_DONE. That there is more to come is not told by NLM_F_MULTI, which generic netlink's
    // netdev leaves away.
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
                // A dump goes on, and the kernel takes no other request on this socket until it is read to its end.
                if (isDump)
                    continue;
                return outcome;
            }

            foreach (var message in new NetlinkMessages(_buffer.AsSpan(0, length)))
            {
                if (message.Sequence != _sequence)
                    continue; // the rest of an answer that was given up
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
