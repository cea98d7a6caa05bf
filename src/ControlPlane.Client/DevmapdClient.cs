using System.Net.Sockets;
using Devmapd.V1;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;

namespace ControlPlane.Client;

/// <summary>A connection to one daemon. Calls may run at the same time. Every failed call throws <see cref="DevmapdException"/>.</summary>
public sealed partial class DevmapdClient : IDisposable
{
    /// <summary>The address of the daemon's socket in the package.</summary>
    public const string DefaultAddress = "unix:/run/devmapd/devmapd.sock";

    private const string UnixScheme = "unix:";

    private readonly GrpcChannel _channel;
    private readonly DevmapdClientOptions _options;

    private DevmapdClient(GrpcChannel channel, DevmapdClientOptions options)
    {
        (_channel, _options) = (channel, options);
        var invoker = channel.Intercept(new CallInterceptor(options.Deadline, options.Token));
        Devmaps = new DevmapService.DevmapServiceClient(invoker);
        Programs = new ProgramService.ProgramServiceClient(invoker);
        Leases = new LeaseService.LeaseServiceClient(invoker);
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
        // Pings find a connection that is dead without a sign. A unix socket is never so.
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(15),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
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
        return new DevmapdClient(channel, options ?? new DevmapdClientOptions());
    }

    /// <summary>Sends real frames to an entry and returns what became of them. The daemon must allow probes.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="key">The key in any of its text forms.</param>
    /// <param name="frames">How many, 1 .. 100; 10 unless given.</param>
    /// <param name="cancellationToken">Ends the wait; the frames may still be sent.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    public async Task<Probe> ProbeEntryAsync(string devmap, string key, uint? frames = null, CancellationToken cancellationToken = default)
    {
        var request = new ProbeEntryRequest { Devmap = devmap, Key = key };
        if (frames is { } count)
            request.Frames = count;
        return (await Devmaps.ProbeEntryAsync(request, cancellationToken: cancellationToken)).Probe;
    }

    /// <summary>Creates or changes an entry. Returns when the entry is durable and in the kernel, or Pending if that is allowed.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="key">The key in any of its text forms.</param>
    /// <param name="spec">The desired state.</param>
    /// <param name="allowPending">Whether interfaces may be missing.</param>
    /// <param name="expectedRevision">The revision that the entry must have; 0 if it must not exist; null for no precondition.</param>
    /// <param name="force">Whether an entry of another owner may be changed.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    public async Task<Entry> PutEntryAsync(
        string devmap,
        string key,
        EntrySpec spec,
        bool allowPending = false,
        long? expectedRevision = null,
        bool force = false,
        CancellationToken cancellationToken = default)
    {
        var request = new PutEntryRequest { Devmap = devmap, Key = key, Spec = spec, AllowPending = allowPending, Force = force };
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        return (await Devmaps.PutEntryAsync(request, cancellationToken: cancellationToken)).Entry;
    }

    /// <summary>Deletes an entry. Returns when the entry is out of the kernel.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="key">The key in any of its text forms.</param>
    /// <param name="expectedRevision">The revision that it must have; null for no precondition.</param>
    /// <param name="owner">Its owner; null for none.</param>
    /// <param name="force">Whether an entry of another owner may be deleted.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    public async Task DeleteEntryAsync(
        string devmap, string key, long? expectedRevision = null, string? owner = null, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new DeleteEntryRequest { Devmap = devmap, Key = key, Force = force };
        if (owner is not null)
            request.Owner = owner;
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        await Devmaps.DeleteEntryAsync(request, cancellationToken: cancellationToken);
    }

    /// <summary>Writes several entries in one call.</summary>
    /// <param name="mode">Whether the items happen together, or each on its own. The results say then what became of each.</param>
    /// <param name="items">The items: at most 1,000 together, at most 10,000 each on its own.</param>
    /// <param name="allowPending">Whether interfaces may be missing.</param>
    /// <param name="idempotencyKey">Marks the call: a repeat with the same key within a day gets the first answer, and changes nothing. Null for none.</param>
    /// <param name="force">Whether entries of other owners may be changed and deleted.</param>
    /// <param name="cancellationToken">Ends the wait; writes may still happen.</param>
    /// <returns>The result of each item, in order.</returns>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    public async Task<IReadOnlyList<BatchResult>> ApplyEntriesAsync(
        BatchMode mode,
        IEnumerable<BatchItem> items,
        bool allowPending = false,
        string? idempotencyKey = null,
        bool force = false,
        CancellationToken cancellationToken = default)
    {
        var request = new ApplyEntriesRequest { Mode = mode, Items = { items }, AllowPending = allowPending, IdempotencyKey = idempotencyKey ?? "", Force = force };
        return (await Devmaps.ApplyEntriesAsync(request, cancellationToken: cancellationToken)).Results;
    }

    /// <summary>Makes the entries of a devmap, or of the scope of the request, those of the request; or says what would happen.</summary>
    /// <param name="request">The devmap, the scope, the entries and the options. It may have 4 MiB.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <returns>How many entries were created, changed and deleted, those that do not forward, and in a dry run the plan.</returns>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    public async Task<ReplaceEntriesResponse> ReplaceEntriesAsync(ReplaceEntriesRequest request, CancellationToken cancellationToken = default) =>
        await Devmaps.ReplaceEntriesAsync(request, cancellationToken: cancellationToken);

    /// <summary>Waits until every selected entry forwards, or until the time of the request is over.</summary>
    /// <param name="request">The selector, and the longest wait: 30 s unless it says another. The deadline of the call comes that much later.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether all of them forward, and at most 100 that do not, with the reasons.</returns>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    public async Task<WaitEntriesResponse> WaitEntriesAsync(WaitEntriesRequest request, CancellationToken cancellationToken = default) =>
        await Devmaps.WaitEntriesAsync(request, cancellationToken: cancellationToken);

    /// <summary>Attaches a devmap's redirect program to an interface, or changes the attachment.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="interfaceName">The name of the ingress interface.</param>
    /// <param name="spec">The desired state.</param>
    /// <param name="allowPending">Whether the interface may be missing.</param>
    /// <param name="expectedRevision">The revision that the attachment must have; 0 if it must not exist; null for no precondition.</param>
    /// <param name="force">Whether an attachment of another owner may be changed.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    public async Task<Attachment> PutAttachmentAsync(
        string devmap,
        string interfaceName,
        AttachmentSpec spec,
        bool allowPending = false,
        long? expectedRevision = null,
        bool force = false,
        CancellationToken cancellationToken = default)
    {
        var request = new PutAttachmentRequest { Devmap = devmap, Interface = interfaceName, Spec = spec, AllowPending = allowPending, Force = force };
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        return (await Devmaps.PutAttachmentAsync(request, cancellationToken: cancellationToken)).Attachment;
    }

    /// <summary>Detaches a devmap's redirect program from an interface.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="interfaceName">The name of the ingress interface.</param>
    /// <param name="expectedRevision">The revision that it must have; null for no precondition.</param>
    /// <param name="owner">Its owner; null for none.</param>
    /// <param name="force">Whether an attachment of another owner may be deleted.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    public async Task DeleteAttachmentAsync(
        string devmap, string interfaceName, long? expectedRevision = null, string? owner = null, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new DeleteAttachmentRequest { Devmap = devmap, Interface = interfaceName, Force = force };
        if (owner is not null)
            request.Owner = owner;
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        await Devmaps.DeleteAttachmentAsync(request, cancellationToken: cancellationToken);
    }

    /// <summary>Creates or changes an egress program.</summary>
    /// <param name="program">The name of the program.</param>
    /// <param name="spec">The desired state.</param>
    /// <param name="expectedRevision">The revision that the program must have; 0 if it must not exist; null for no precondition.</param>
    /// <param name="force">Whether a program of another owner may be changed.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    public async Task<EgressProgram> PutProgramAsync(
        string program, EgressProgramSpec spec, long? expectedRevision = null, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new PutProgramRequest { Program = program, Spec = spec, Force = force };
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        return (await Programs.PutProgramAsync(request, cancellationToken: cancellationToken)).Program;
    }

    /// <summary>Deletes an egress program that no entry carries.</summary>
    /// <param name="program">The name of the program.</param>
    /// <param name="expectedRevision">The revision that it must have; null for no precondition.</param>
    /// <param name="owner">Its owner; null for none.</param>
    /// <param name="force">Whether a program of another owner may be deleted.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    public async Task DeleteProgramAsync(
        string program, long? expectedRevision = null, string? owner = null, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new DeleteProgramRequest { Program = program, Force = force };
        if (owner is not null)
            request.Owner = owner;
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        await Programs.DeleteProgramAsync(request, cancellationToken: cancellationToken);
    }

    /// <summary>Creates or changes a lease, and gives it its full time. Entries and attachments that name it end with it.</summary>
    /// <param name="lease">The name of the lease.</param>
    /// <param name="spec">The desired state.</param>
    /// <param name="expectedRevision">The revision that the lease must have; 0 if it must not exist; null for no precondition.</param>
    /// <param name="force">Whether a lease of another owner may be changed.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    public async Task<Lease> PutLeaseAsync(
        string lease, LeaseSpec spec, long? expectedRevision = null, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new PutLeaseRequest { Lease = lease, Spec = spec, Force = force };
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        return (await Leases.PutLeaseAsync(request, cancellationToken: cancellationToken)).Lease;
    }

    /// <summary>Gives a lease its full time again.</summary>
    /// <param name="lease">The name of the lease.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>When the lease ends unless it is kept alive again.</returns>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer: <c>lease_not_found</c> if the time of the lease is over.</exception>
    public async Task<DateTimeOffset> KeepAliveAsync(string lease, CancellationToken cancellationToken = default) =>
        (await Leases.KeepAliveAsync(new KeepAliveRequest { Lease = lease }, cancellationToken: cancellationToken)).ExpireTime.ToDateTimeOffset();

    /// <summary>Deletes a lease, with the entries and attachments that name it.</summary>
    /// <param name="lease">The name of the lease.</param>
    /// <param name="expectedRevision">The revision that it must have; null for no precondition.</param>
    /// <param name="owner">Its owner; null for none.</param>
    /// <param name="force">Whether a lease of another owner may be deleted.</param>
    /// <param name="cancellationToken">Ends the wait; the write may still happen.</param>
    /// <exception cref="DevmapdException">The daemon refused, or did not answer.</exception>
    public async Task DeleteLeaseAsync(
        string lease, long? expectedRevision = null, string? owner = null, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new DeleteLeaseRequest { Lease = lease, Force = force };
        if (owner is not null)
            request.Owner = owner;
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        await Leases.DeleteLeaseAsync(request, cancellationToken: cancellationToken);
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => _channel.Dispose();

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
