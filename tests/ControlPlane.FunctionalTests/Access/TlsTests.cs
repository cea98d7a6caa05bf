using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;
using Devmapd.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace ControlPlane.FunctionalTests.Access;

/// <summary>TLS, client certificates, and certificates that change while the daemon runs; with certificates made here.</summary>
public sealed class TlsTests : IAsyncLifetime, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("devmapd-tls-").FullName;
    private readonly X509Certificate2 _authority = Authority("devmapd test");
    private DaemonProcess _daemon = null!;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "clients.pem"), _authority.ExportCertificatePem());
        WriteServer("one");
        _daemon = await DaemonProcess.StartReadyAsync(
            "--simulate", "--ControlPlane:Listen:Rest=https://0.0.0.0:0", "--ControlPlane:Listen:Grpc=https://127.0.0.1:0",
            $"--ControlPlane:Tls:Certificate={_folder}/server.pem", $"--ControlPlane:Tls:Key={_folder}/server.key", $"--ControlPlane:Tls:ClientAuthority={_folder}/clients.pem",
            "--ControlPlane:Access:Certificates:0:San=uri:spiffe://test/orchestrator", "--ControlPlane:Access:Certificates:0:Role=operator",
            "--ControlPlane:Access:Certificates:1:San=dns:monitor.test", "--ControlPlane:Access:Certificates:1:Role=viewer");
    }

    public async Task DisposeAsync() => await _daemon.DisposeAsync();

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task ClientCertificate_HasTheRoleOfItsName_AndAttributesChanges()
    {
        using var orchestrator = Connect(Client("orchestrator", uri: "spiffe://test/orchestrator"));
        Assert.Equal(HttpStatusCode.Created, (await orchestrator.PutAsJsonAsync("/v1/devmaps/default/entries/lo", new { @interface = "lo" })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await orchestrator.DeleteAsync("/v1/programs/nothing")).StatusCode);
        using var monitor = Connect(Client("monitor", dns: "monitor.test"));
        Assert.Equal(HttpStatusCode.OK, (await monitor.GetAsync("/v1/host")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await monitor.DeleteAsync("/v1/devmaps/default/entries/lo")).StatusCode);
        using var stranger = Connect(Client("stranger", dns: "other.test"));
        using var refused = await stranger.GetAsync("/v1/host");
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("certificate dns:other.test", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await Eventually.Async(
            () => _daemon.Log.Any(l => l.Contains("by certificate uri:spiffe://test/orchestrator, from 127.0.0.1:", StringComparison.Ordinal)), what: "the change is attributed");
    }

    [Fact]
    public async Task WithoutCertificate_ATokenDecides_AndNobodyIsNobody()
    {
        using var nobody = Connect(null);
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync("/v1/host")).StatusCode);
        Assert.Equal("ready\n", await nobody.GetStringAsync("/readyz"));
        nobody.DefaultRequestHeaders.Add("Authorization", $"Bearer {await _daemon.CreateTokenAsync("tls", "viewer")}");
        Assert.Equal(HttpStatusCode.OK, (await nobody.GetAsync("/v1/host")).StatusCode);
    }

    [Fact]
    public async Task CertificateOfAnotherAuthority_EndsTheHandshake()
    {
        using var other = Authority("somebody else");
        using var client = Connect(Client("orchestrator", uri: "spiffe://test/orchestrator", authority: other));
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/v1/host"));
        using var server = Connect(Client("orchestrator", uri: "spiffe://test/orchestrator", usage: "1.3.6.1.5.5.7.3.1"));
        await Assert.ThrowsAsync<HttpRequestException>(() => server.GetAsync("/v1/host"));
    }

    [Fact]
    public async Task Grpc_OverTls_HasTheRoleOfTheCertificate()
    {
        using var handler = Handler(Client("monitor", dns: "monitor.test"));
        using var channel = GrpcChannel.ForAddress(_daemon.Grpc, new GrpcChannelOptions { HttpHandler = handler });
        var client = new DevmapService.DevmapServiceClient(channel);
        Assert.NotEmpty((await client.ListDevmapsAsync(new ListDevmapsRequest())).Devmaps);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await client.DeleteEntryAsync(new DeleteEntryRequest { Devmap = "default", Key = "lo" }));
        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
    }

    [Fact]
    public async Task CertificateFiles_ThatChange_AreUsedWithoutARestart_AndBrokenOnesAreNot()
    {
        Assert.Equal("CN=one", await ServerNameAsync());
        WriteServer("two");
        await Eventually.Async(async () => await ServerNameAsync() == "CN=two", what: "the new certificate is served");
        await File.WriteAllTextAsync(Path.Combine(_folder, "server.pem"), "nothing");
        await Eventually.Async(
            async () => await ServerNameAsync() == "CN=two" && _daemon.Log.Any(l => l.Contains("cannot be used; the one before stays", StringComparison.Ordinal)), what: "the broken certificate is reported");
        WriteServer("three");
        await Eventually.Async(async () => await ServerNameAsync() == "CN=three", what: "the third certificate is served");
    }

    private async Task<string> ServerNameAsync()
    {
        var seen = "";
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                {
                    seen = certificate!.Subject;
                    return seen.Length > 0;
                },
            },
        };
        using var client = new HttpClient(handler) { BaseAddress = Address };
        await client.GetAsync("/healthz");
        return seen;
    }

    private Uri Address => new($"https://127.0.0.1:{_daemon.Rest.Port}");

    private HttpClient Connect(X509Certificate2? certificate) => new(Handler(certificate), disposeHandler: true) { BaseAddress = Address };

    private static SocketsHttpHandler Handler(X509Certificate2? certificate) => new()
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, server, _, _) => server is not null, // of its own authority
            LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
        },
    };

    private void WriteServer(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(_folder, "server.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(_folder, "server.pem"), certificate.ExportCertificatePem());
    }

    private X509Certificate2 Client(string name, string? dns = null, string? uri = null, X509Certificate2? authority = null, string usage = "1.3.6.1.5.5.7.3.2")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (dns is not null)
            names.AddDnsName(dns);
        if (uri is not null)
            names.AddUri(new Uri(uri));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        using var certificate = request.Create(authority ?? _authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), RandomNumberGenerator.GetBytes(8));
        using var keyed = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(keyed.Export(X509ContentType.Pkcs12), null);
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
