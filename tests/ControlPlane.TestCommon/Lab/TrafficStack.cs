using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ControlPlane.TestCommon.Lab;

/// <summary>
/// The TCP and UDP of a namespace: sends real traffic by ordinary sockets, and receives what arrives for any address. Checksums, segments and
/// VLAN tags are left to the kernel and its devices, as with any program.
/// </summary>
/// <remarks>The sockets belong to their namespace; any thread may use them.</remarks>
public sealed class TrafficStack : IDisposable
{
    /// <summary>The bytes of one TCP transfer.</summary>
    public const int TcpBytes = 100_000;

    private const int UdpPort = 4000;
    private const int TcpPort = 4001;
    private const int TcpHeaders = 40;
    private const int MarkBytes = 16;
    private const int ReceiveBufferBytes = 8 * 1024 * 1024;

    private readonly NetworkNamespace _space;
    private readonly Socket _udp;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentQueue<FrameMark> _transfers = new();
    private readonly ConcurrentDictionary<IPAddress, Socket> _senders = new();
    private readonly byte[] _buffer = new byte[ushort.MaxValue];
    private long _received;

    private TrafficStack(NetworkNamespace space)
    {
        _space = space;
        (_udp, _listener) = space.Run(() => (NewSocket(SocketType.Dgram), NewSocket(SocketType.Stream)));
        _udp.ReceiveBufferSize = ReceiveBufferBytes;
        _udp.Bind(new IPEndPoint(IPAddress.Any, UdpPort));
        _listener.Bind(new IPEndPoint(IPAddress.Any, TcpPort));
        _listener.Listen(512);
        _ = AcceptAsync();
    }

    /// <summary>The bytes that have arrived by TCP: progress of transfers that are not at their end.</summary>
    public long Received => Interlocked.Read(ref _received);

    public static TrafficStack Open(NetworkNamespace space) => new(space);

    /// <summary>Sends datagrams that end with a mark and are not cut into fragments.</summary>
    /// <param name="source">The address of the sender.</param>
    /// <param name="destination">The address of the receiver.</param>
    /// <param name="mark">The mark.</param>
    /// <param name="bytes">The bytes of one datagram.</param>
    /// <param name="tag">The mark for <see cref="TagObject"/>: the VLAN id, and an inner one in the high half; 0 for no tag.</param>
    /// <param name="count">The number of datagrams. Several are given to the kernel at once, which leaves it to a device to part them (UDP_SEGMENT).</param>
    /// <returns>Whether the kernel took them.</returns>
    public bool SendUdp(IPAddress source, IPAddress destination, FrameMark mark, int bytes, uint tag, int count = 1)
    {
        var socket = _senders.GetOrAdd(source, from => _space.Run(() =>
        {
            var made = NewSocket(SocketType.Dgram);
            made.SetRawSocketOption(0, 10, BitConverter.GetBytes(3)); // IP_MTU_DISCOVER: IP_PMTUDISC_PROBE
            made.Bind(new IPEndPoint(from, 0));
            return made;
        }));
        var datagrams = new byte[bytes * count];
        for (var i = 0; i < count; i++)
            mark.WriteTo(datagrams.AsSpan(i * bytes, bytes));
        try
        {
            SetMark(socket, tag);
            socket.SetRawSocketOption(17, 103, BitConverter.GetBytes(count == 1 ? 0 : bytes)); // UDP_SEGMENT
            socket.SendTo(datagrams, new IPEndPoint(destination, UdpPort));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Sends a transfer of <see cref="TcpBytes"/> by TCP, until it is sent or the time is over.</summary>
    /// <param name="source">The address of the sender.</param>
    /// <param name="destination">The address of the receiver.</param>
    /// <param name="mark">Identifies the transfer.</param>
    /// <param name="mtu">The MTU that the segments keep within.</param>
    /// <param name="tag">The mark for <see cref="TagObject"/>: the VLAN id, and an inner one in the high half; 0 for no tag.</param>
    /// <param name="ended">Ends it.</param>
    public async Task SendTcpAsync(IPAddress source, IPAddress destination, FrameMark mark, int mtu, uint tag, CancellationToken ended)
    {
        using var socket = _space.Run(() => NewSocket(SocketType.Stream));
        try
        {
            SetMark(socket, tag);
            socket.SetRawSocketOption(6, 2, BitConverter.GetBytes(mtu - TcpHeaders)); // TCP_MAXSEG
            socket.Bind(new IPEndPoint(source, 0));
            await socket.ConnectAsync(new IPEndPoint(destination, TcpPort), ended);
            for (ReadOnlyMemory<byte> rest = Transfer(mark); rest.Length > 0;)
                rest = rest[await socket.SendAsync(rest, ended)..];
            socket.Shutdown(SocketShutdown.Send);
            await socket.ReceiveAsync(new byte[1], ended);
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException)
        {
            // The receiver tells what has arrived.
        }
    }

    /// <summary>Returns the marks of the datagrams that have arrived since the last call, with right checksums.</summary>
    public IEnumerable<FrameMark> TakeDatagrams()
    {
        while (_udp.Available > 0)
        {
            var length = _udp.Receive(_buffer);
            if (FrameMark.TryRead(_buffer.AsSpan(0, length), out var mark))
                yield return mark;
        }
    }

    /// <summary>Returns the marks of the TCP transfers that have arrived whole and unchanged since the last call.</summary>
    public IEnumerable<FrameMark> TakeTransfers()
    {
        while (_transfers.TryDequeue(out var mark))
            yield return mark;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Cancel();
        _udp.Dispose();
        _listener.Dispose();
        foreach (var sender in _senders.Values)
            sender.Dispose();
        _end.Dispose();
    }

    private static Socket NewSocket(SocketType type) =>
        new(AddressFamily.InterNetwork, type, type == SocketType.Dgram ? ProtocolType.Udp : ProtocolType.Tcp);

    private static void SetMark(Socket socket, uint tag) => socket.SetRawSocketOption(1, 36, BitConverter.GetBytes(tag)); // SO_MARK

    // The mark, and bytes that follow from it.
    private static byte[] Transfer(FrameMark mark)
    {
        var bytes = new byte[TcpBytes];
        new Random(HashCode.Combine(mark.Run, mark.Sequence)).NextBytes(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes, mark.Run);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), mark.Sequence);
        return bytes;
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                _ = ReceiveAsync(await _listener.AcceptAsync(_end.Token));
            }
            catch (Exception failure) when (failure is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The next one, or the end.
            }
        }
    }

    private async Task ReceiveAsync(Socket connection)
    {
        using (connection)
        {
            var bytes = new byte[TcpBytes];
            var count = 0;
            try
            {
                while (count < TcpBytes && await connection.ReceiveAsync(bytes.AsMemory(count), _end.Token) is > 0 and var read)
                {
                    count += read;
                    Interlocked.Add(ref _received, read);
                }
            }
            catch (Exception failure) when (failure is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            if (count < MarkBytes)
                return;
            var mark = new FrameMark(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(8)));
            if (bytes.AsSpan(0, count).SequenceEqual(Transfer(mark)))
                _transfers.Enqueue(mark);
        }
    }
}
