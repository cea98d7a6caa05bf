using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using ControlPlane.Core.Api;
using ControlPlane.Core.Auditing;
using ControlPlane.Daemon.Observability;
using ControlPlane.Daemon.Options;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Options;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// Reads the configuration again when the process receives SIGHUP. Settings marked <see cref="ReloadableAttribute"/> and the levels of
/// the log change at once; the log names every other setting that differs. A configuration with errors changes nothing.
/// </summary>
/// <remarks>At a terminal SIGHUP means that the terminal has closed, and ends the daemon.</remarks>
internal sealed class ConfigurationReload(
    Arguments arguments, IConfiguration configuration, IOptions<ControlPlaneOptions> options, AuditOptions audits, ProbeOptions probes, CoreMetricsOptions metrics,
    AuditLifetime auditLifetime, IOpeningWork opening, IServiceProvider services, ILogger<ConfigurationReload> logger) : IHostedService, IDisposable
{
    private readonly Lock _reloading = new();
    private readonly Dictionary<string, EffectiveSetting> _effective = EffectiveSettings.Of(options.Value);
    private PosixSignalRegistration? _signal;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (LogSetup.Form != LogForm.Terminal)
            _signal = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Handle);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _signal?.Dispose();

    /// <summary>Reads the configuration again, and applies what can change.</summary>
    public void Reload()
    {
        lock (_reloading)
        {
            try
            {
                Apply(ConfigurationSources.Read(arguments));
            }
            catch (OptionsValidationException e)
            {
                HostLog.ReloadRefused(logger, string.Join("; ", e.Failures));
            }
            catch (Exception e) when (e is StartRefusedException or InvalidDataException or IOException)
            {
                HostLog.ReloadRefused(logger, e.Message);
            }
        }
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        // READY ends what RELOADING begins; systemd waits for it.
        var notifier = services.GetService<ISystemdNotifier>();
        var now = Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);
        notifier?.Notify(new ServiceState(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={now}")));
        Reload();
        opening.RunAsync(CancellationToken.None).GetAwaiter().GetResult();
        notifier?.Notify(ServiceState.Ready);
    }

    private void Apply(ControlPlaneOptions read)
    {
        var next = EffectiveSettings.Of(read);
        var changed = next.Keys.Union(_effective.Keys).Where(key => next.GetValueOrDefault(key)?.Value != _effective.GetValueOrDefault(key)?.Value).ToList();
        var levels = LogLevels();
        ((IConfigurationRoot)configuration).Reload(); // the log follows it
        var changedLevels = ChangedLevels(levels, LogLevels()).ToLookup(level => level.Applies, level => level.Key);
        string[] applied = [.. changed.Where(CanChange).Concat(changedLevels[true]).Order(StringComparer.Ordinal)];
        string[] waiting = [.. changed.Where(key => !CanChange(key)).Concat(changedLevels[false]).Order(StringComparer.Ordinal)];

        (audits.Interval, audits.Repair) = (read.Audit.Interval, read.Audit.Repair);
        probes.Enabled = read.Probe.Enabled;
        metrics.TopEntries = read.Metrics.TopEntries;
        if (changed.Contains("ControlPlane:Audit:Interval", StringComparer.OrdinalIgnoreCase))
            auditLifetime.Restart();
        foreach (var key in changed.Where(CanChange))
            _effective[key] = next[key];

        HostLog.Reloaded(logger, applied.Length == 0 ? "nothing has changed" : string.Join(", ", applied));
        if (waiting.Length > 0)
            HostLog.NeedsRestart(logger, string.Join(", ", waiting));

        bool CanChange(string key) => next.TryGetValue(key, out var setting) && setting.Reloadable;
    }

    private Dictionary<string, string?> LogLevels() =>
        configuration.GetSection(LogSetup.Levels).AsEnumerable().ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase);

    // The log follows a level that it has. It does not notice one that is new or removed.
    private static IEnumerable<(string Key, bool Applies)> ChangedLevels(Dictionary<string, string?> before, Dictionary<string, string?> after) =>
        before.Keys.Union(after.Keys)
            .Where(key => before.GetValueOrDefault(key) != after.GetValueOrDefault(key))
            .Select(key => (key, before.GetValueOrDefault(key) is not null && after.GetValueOrDefault(key) is not null));
}
