using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;
using static ControlPlane.Kernel.Native.Libc;
using static ControlPlane.Kernel.Native.NetlinkConstants;

namespace ControlPlane.Kernel.Netlink;

/// <summary>
/// A netlink socket. It belongs to the network namespace of the thread that created it, whichever thread uses it later.
/// For one thread at a time.
/// </summary>
internal sealed unsafe class NetlinkSocket : IDisposable
{
    /// <summary>The result of <see cref="Receive"/> if the queue is empty.</summary>
    public const int Nothing = -Errno.EAGAIN;

    private readonly string _name;

    /// <param name="protocol">NETLINK_ROUTE or NETLINK_GENERIC.</param>
    /// <exception cref="KernelException">The kernel lacks the protocol or refused the socket.</exception>
    public NetlinkSocket(int protocol)
    {
        _name = protocol == NETLINK_ROUTE ? "rtnetlink" : "genetlink";
        Handle = FileDescriptor.FromLibbpf(KernelCall.FromLibc(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)), $"socket({_name})");
        try
        {
            var any = new sockaddr_nl { nl_family = AF_NETLINK };
            Check(bind(Handle, &any, (uint)sizeof(sockaddr_nl)), "bind");
        }
        catch
        {
            Handle.Dispose();
            throw;
        }
    }

    /// <summary>The descriptor.</summary>
    public FileDescriptor Handle { get; }

    /// <summary>Starts receiving the messages of a multicast group.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Join(uint group) => Check(setsockopt(Handle, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(uint)), "NETLINK_ADD_MEMBERSHIP");

    /// <summary>Sets the receive buffer, beyond <c>net.core.rmem_max</c> if the process has CAP_NET_ADMIN.</summary>
    public void SetReceiveBuffer(int bytes)
    {
        if (setsockopt(Handle, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(int)) < 0)
            Check(setsockopt(Handle, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(int)), "SO_RCVBUF");
    }

    /// <summary>Limits the time of a blocking <see cref="Receive"/>, which then returns -EAGAIN.</summary>
    public void SetReceiveTimeout(TimeSpan timeout)
    {
        var value = new timeval { tv_sec = (long)timeout.TotalSeconds };
        Check(setsockopt(Handle, SOL_SOCKET, SO_RCVTIMEO, &value, (uint)sizeof(timeval)), "SO_RCVTIMEO");
    }

    /// <summary>Sends one message to the kernel.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Send(ReadOnlySpan<byte> message)
    {
        var kernel = new sockaddr_nl { nl_family = AF_NETLINK };
        fixed (byte* bytes = message)
        {
            int sent;
            do
                sent = KernelCall.FromLibc((int)sendto(Handle, bytes, (nuint)message.Length, 0, &kernel, (uint)sizeof(sockaddr_nl)));
            while (KernelCall.Interrupted(sent));
            KernelCall.Check(sent, $"sendto({_name})");
        }
    }

    /// <summary>Receives one datagram from the kernel.</summary>
    /// <param name="buffer">The buffer for the datagram.</param>
    /// <param name="flags">MSG_DONTWAIT or 0.</param>
    /// <returns>The length of the datagram, which is greater than the buffer if the datagram was cut off; or -errno.</returns>
    public int Receive(Span<byte> buffer, int flags)
    {
        fixed (byte* bytes = buffer)
        {
            while (true)
            {
                sockaddr_nl from;
                var fromLength = (uint)sizeof(sockaddr_nl);
                var received = KernelCall.FromLibc(
                    (int)recvfrom(Handle, bytes, (nuint)buffer.Length, flags | MSG_TRUNC, &from, &fromLength));
                if (KernelCall.Interrupted(received) || (received >= 0 && from.nl_pid != 0))
                    continue; // also if another process wrote to this socket
                return received;
            }
        }
    }

    public void Dispose() => Handle.Dispose();

    private void Check(int result, string call) => KernelCall.Check(KernelCall.FromLibc(result), $"{call}({_name})");
}
