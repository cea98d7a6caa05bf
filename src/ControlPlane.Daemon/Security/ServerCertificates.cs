using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ControlPlane.Daemon.Options;

namespace ControlPlane.Daemon.Security;

/// <summary>
/// The certificate of the daemon and the authorities of its clients, from PEM files. A handshake reads the files again if they may have
/// changed. Files that cannot be used are reported once, and the certificate before stays in use.
/// </summary>
internal sealed class ServerCertificates(TlsOptions files, TimeProvider time)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long _checked;
    private byte[] _known = [];
    private Loaded? _loaded;
    private string? _failure;

    /// <summary>Returns the options of a handshake.</summary>
    /// <param name="logger">The log; null at start, when the caller reports.</param>
    /// <remarks>At start it throws what reading the files throws; later it does not throw.</remarks>
    public SslServerAuthenticationOptions Current(ILogger? logger = null)
    {
        lock (_lock)
        {
            if (_loaded is null || time.GetElapsedTime(_checked) >= Period)
            {
                _checked = time.GetTimestamp();
                Refresh(logger);
            }

            return OptionsOf(_loaded!);
        }
    }

    private void Refresh(ILogger? logger)
    {
        try
        {
            string[] paths = files.ClientAuthority.Length > 0 ? [files.Certificate, files.Key, files.ClientAuthority] : [files.Certificate, files.Key];
            var content = SHA256.HashData([.. paths.SelectMany(File.ReadAllBytes)]);
            if (content.AsSpan().SequenceEqual(_known))
                return;
            var renews = _loaded is not null;
            (_loaded, _known, _failure) = (Load(), content, null);
            if (renews && logger is not null)
                AccessLog.CertificateLoaded(logger, files.Certificate);
        }
        catch (Exception e) when (_loaded is not null && IsUnusable(e))
        {
            if (logger is not null && _failure != e.Message)
                AccessLog.CertificateNotLoaded(logger, files.Certificate, e.Message);
            _failure = e.Message;
        }
    }

    /// <summary>Returns whether an exception means that the files cannot be used.</summary>
    public static bool IsUnusable(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    private Loaded Load()
    {
        var certificate = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
        var intermediates = new X509Certificate2Collection();
        intermediates.ImportFromPemFile(files.Certificate);
        var authorities = new X509Certificate2Collection();
        if (files.ClientAuthority.Length > 0)
            authorities.ImportFromPemFile(files.ClientAuthority);
        return new Loaded(SslStreamCertificateContext.Create(certificate, [.. intermediates.Skip(1)], offline: true), authorities);
    }

    // The server changes the options of each handshake, so each has its own. A client without a certificate may have a token.
    private static SslServerAuthenticationOptions OptionsOf(Loaded loaded) => new()
    {
        ServerCertificateContext = loaded.Context,
        ClientCertificateRequired = loaded.Authorities.Count > 0,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = (_, client, chain, _) => client is null || IsTrusted((X509Certificate2)client, chain, loaded.Authorities),
    };

    private static bool IsTrusted(X509Certificate2 client, X509Chain? sent, X509Certificate2Collection authorities)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        foreach (var element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        return chain.Build(client);
    }

    private sealed record Loaded(SslStreamCertificateContext Context, X509Certificate2Collection Authorities);
}
