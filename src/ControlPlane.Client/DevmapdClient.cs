using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Devmapd.V1;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;

namespace ControlPlane.Client;

/// <summary>A connection to one daemon. Calls may run at the same time. Every failed call throws <see cref="DevmapdException"/>.</summary>
public sealed partial class DevmapdClient : IDevmapClient, IDisposable
{
    /// <summary>The address of the daemon's socket in the package.</summary>
    public const string DefaultAddress = "unix:/run/devmapd/devmapd.sock";

    private const string UnixScheme = "unix:";

    private readonly GrpcChannel _channel;
    private readonly DevmapdClientOptions _options;

    private DevmapdClient(GrpcChannel channel, DevmapdClientOptions options)
    {
        (_channel, _options) = (channel, options);
        var invoker = channel.Intercept(new CallInterceptor(options));
        Devmaps = new DevmapService.DevmapServiceClient(invoker);
        Programs = new ProgramService.ProgramServiceClient(invoker);
        Leases = new LeaseService.LeaseServiceClient(invoker);
        States = new StateService.StateServiceClient(invoker);
        Tokens = new TokenService.TokenServiceClient(invoker);
        Changes = new ChangeService.ChangeServiceClient(invoker);
        Host = new HostService.HostServiceClient(invoker);
    }

    /// <summary>The calls of devmaps, entries and attachments.</summary>
    public DevmapService.DevmapServiceClient Devmaps { get; }

    /// <summary>The calls of egress programs.</summary>
    public ProgramService.ProgramServiceClient Programs { get; }

    /// <summary>The calls of leases, with their stream.</summary>
    public LeaseService.LeaseServiceClient Leases { get; }

    /// <summary>The calls for the whole desired state.</summary>
    public StateService.StateServiceClient States { get; }

    /// <summary>The calls of tokens.</summary>
    public TokenService.TokenServiceClient Tokens { get; }

    /// <summary>The calls of the history: changes, and ways back.</summary>
    public ChangeService.ChangeServiceClient Changes { get; }

    /// <summary>The calls of the host and its interfaces.</summary>
    public HostService.HostServiceClient Host { get; }

    /// <summary>Returns a client of the daemon at an address. The first call connects.</summary>
    /// <param name="address"><c>unix:PATH</c>, <c>http://HOST:PORT</c> or <c>https://HOST:PORT</c>.</param>
    /// <param name="options">The options; the defaults unless given.</param>
    /// <exception cref="ArgumentException">The address has another form.</exception>
    public static DevmapdClient Connect(string address = DefaultAddress, DevmapdClientOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(address);
        options ??= new DevmapdClientOptions();
        // Pings find a connection that is dead without a sign. A unix socket is never so.
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(15),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            SslOptions = Tls(options),
        };
        var target = address;
        if (address.StartsWith(UnixScheme, StringComparison.Ordinal))
        {
            var path = address[UnixScheme.Length..];
            if (path.StartsWith("///", StringComparison.Ordinal))
                path = path[2..];
            handler.ConnectCallback = (_, cancellation) => ConnectUnixAsync(path, cancellation);
            target = "http://localhost";
        }
        else if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            throw new ArgumentException($"'{address}' is none of unix:PATH, http://HOST:PORT and https://HOST:PORT", nameof(address));
        }

        var channel = GrpcChannel.ForAddress(target, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        return new DevmapdClient(channel, options);
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => _channel.Dispose();

    private static SslClientAuthenticationOptions Tls(DevmapdClientOptions options)
    {
        var tls = new SslClientAuthenticationOptions();
        if (options.ClientCertificate is { } own)
            tls.ClientCertificates = [own];
        if (options.ServerAuthorities is { } authorities)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        return tls;
    }

    private static async ValueTask<Stream> ConnectUnixAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
