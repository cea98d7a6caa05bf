using System.Net;
using System.Net.Sockets;
using System.Text;
using ControlPlane.TestCommon;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary>A daemon that is asked to stop answers every request that has arrived.</summary>
public sealed class LastRequestTests
{
    private const int Clients = 48;

    private static readonly byte[] Read = "GET /v1/host HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray();

    private static readonly byte[] Write = Encoding.ASCII.GetBytes(
        "PUT /v1/devmaps/default/entries/7?allowPending=true HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 21\r\n\r\n{\"interface\":\"later\"}");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Terminate_UnderClientsThatConnect_ClosesNoConnectionWithoutAnAnswer(bool overTcp)
    {
        await using var daemon = await DaemonProcess.StartReadyAsync("--simulate");
        var token = await daemon.CreateTokenAsync("last");
        EndPoint endpoint = overTcp ? new IPEndPoint(IPAddress.Loopback, daemon.Rest.Port) : new UnixDomainSocketEndPoint(daemon.UnixSocket);
        using var end = new CancellationTokenSource();
        var outcomes = new Outcomes();
        var clients = Enumerable.Range(0, Clients).Select(n => Task.Run(() => AskAsync(endpoint, WithToken(n % 2 == 0 ? Read : Write, token), outcomes, end.Token))).ToList();
        while (outcomes.Answered < 10 * Clients)
            await Task.Delay(1, TestContext.Deadline());

        Assert.Equal(0, await daemon.StopAsync());
        await end.CancelAsync();
        await Task.WhenAll(clients);

        Assert.True(outcomes.Unanswered == 0, $"{outcomes.Unanswered} of {outcomes.Answered + outcomes.Unanswered} requests were not answered");
    }

    private static byte[] WithToken(byte[] request, string token) =>
        Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(request).Replace("\r\nHost:", $"\r\nAuthorization: Bearer {token}\r\nHost:", StringComparison.Ordinal));

    private static async Task AskAsync(EndPoint endpoint, byte[] request, Outcomes outcomes, CancellationToken end)
    {
        var buffer = new byte[4096];
        while (!end.IsCancellationRequested)
        {
            using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, endpoint is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(endpoint, end);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // Nobody listens any more: the request did not arrive.
                return;
            }

            var arrived = false;
            try
            {
                await socket.SendAsync(request, CancellationToken.None);
                while (!(arrived = HasArrived(socket)) && !socket.Poll(0, SelectMode.SelectRead))
                    await Task.Delay(1, CancellationToken.None);
                var length = await socket.ReceiveAsync(buffer, CancellationToken.None);
                if (length > 0 || arrived)
                    outcomes.Count(length > 0 && Encoding.ASCII.GetString(buffer, 0, length).StartsWith("HTTP/1.1 ", StringComparison.Ordinal));
            }
            catch (SocketException)
            {
                if (arrived)
                    outcomes.Count(false);
            }
        }
    }

    // A connection can be made for the client and not yet for the daemon. The kernel of the daemon acknowledges a request that has arrived.
    private static bool HasArrived(Socket socket)
    {
        const int Tcp = 6, TcpInfo = 11, Unacknowledged = 24; // struct tcp_info: tcpi_unacked
        if (socket.AddressFamily == AddressFamily.Unix)
            return true;
        var info = new byte[104];
        return socket.GetRawSocketOption(Tcp, TcpInfo, info) >= Unacknowledged + sizeof(uint) && BitConverter.ToUInt32(info, Unacknowledged) == 0;
    }

    private sealed class Outcomes
    {
        private int _answered;
        private int _unanswered;

        public int Answered => Volatile.Read(ref _answered);

        public int Unanswered => Volatile.Read(ref _unanswered);

        public void Count(bool answered)
        {
            if (answered)
                Interlocked.Increment(ref _answered);
            else
                Interlocked.Increment(ref _unanswered);
        }
    }
}
