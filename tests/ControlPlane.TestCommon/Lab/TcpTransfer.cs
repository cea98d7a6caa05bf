using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace ControlPlane.TestCommon.Lab;

/// <summary>Real TCP between two namespaces: connect, send, compare.</summary>
public static class TcpTransfer
{
    /// <summary>Sends random bytes from one namespace to an address of another and returns how many arrived unchanged within the time.</summary>
    /// <remarks>The sockets belong to their namespaces; any thread may use them.</remarks>
    public static async Task<int> SendAsync(NetworkNamespace from, NetworkNamespace to, string address, int bytes, TimeSpan timeout)
    {
        var endpoint = new IPEndPoint(IPAddress.Parse(address), 0);
        using var deadline = new CancellationTokenSource(timeout);
        using var listener = to.Run(() => new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        using var sender = from.Run(() => new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        listener.Bind(endpoint);
        listener.Listen();
        var sent = RandomNumberGenerator.GetBytes(bytes);
        var received = new byte[bytes];
        var count = 0;
        try
        {
            var accepted = listener.AcceptAsync(deadline.Token);
            await sender.ConnectAsync((IPEndPoint)listener.LocalEndPoint!, deadline.Token);
            using var receiver = await accepted;
            var sending = SendAllAsync(sender, sent, deadline.Token);
            while (count < bytes && await receiver.ReceiveAsync(received.AsMemory(count), deadline.Token) is > 0 and var read)
                count += read;
            await sending;
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException)
        {
            // The count tells how far it came.
        }

        return received.AsSpan(0, count).SequenceEqual(sent.AsSpan(0, count)) ? count : -1;
    }

    private static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken ended)
    {
        while (bytes.Length > 0)
            bytes = bytes[await socket.SendAsync(bytes, ended)..];
        socket.Shutdown(SocketShutdown.Send);
    }
}
