using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using ControlPlane.Core.Model;
using Microsoft.Extensions.Options;

namespace ControlPlane.Daemon.Options;

/// <summary>Registers <see cref="ControlPlaneOptions"/>.</summary>
internal static class OptionsValidation
{
    /// <summary>Adds the options, bound to the configuration and validated. Needs an <see cref="IConfiguration"/>.</summary>
    public static IServiceCollection AddControlPlaneOptions(this IServiceCollection services)
    {
        services.AddSingleton<ControlPlaneOptionsSource>();
        services.AddSingleton<IConfigureOptions<ControlPlaneOptions>>(p => p.GetRequiredService<ControlPlaneOptionsSource>());
        services.AddSingleton<IValidateOptions<ControlPlaneOptions>>(p => p.GetRequiredService<ControlPlaneOptionsSource>());
        services.AddOptions<ControlPlaneOptions>().ValidateOnStart();
        return services;
    }
}

/// <summary>Binds and validates the options, and reports all errors at once: unknown keys, values out of range, values that exclude each other.</summary>
internal sealed class ControlPlaneOptionsSource(IConfiguration configuration)
    : IConfigureOptions<ControlPlaneOptions>, IValidateOptions<ControlPlaneOptions>
{
    private readonly IConfigurationSection _section = configuration.GetSection(ControlPlaneOptions.Section);
    private readonly List<OptionError> _misshapen =
        [.. ConfigurationShape.Check(configuration.GetSection(ControlPlaneOptions.Section), typeof(ControlPlaneOptions))];

    /// <inheritdoc/>
    public void Configure(ControlPlaneOptions options) => ConfigurationShape.Bind(_section, options, _misshapen);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ControlPlaneOptions options)
    {
        OptionError[] invalid =
            [.. CheckAnnotations(options, ControlPlaneOptions.Section), .. CheckListen(options), .. CheckFolders(options), .. CheckDevmaps(options), .. CheckDescriptors(options), .. CheckCapacity(options)];
        // A key that cannot be bound has its default, so an error of its value would mislead.
        OptionError[] errors = [.. _misshapen, .. invalid.Where(error => !_misshapen.Exists(m => m.Covers(error.Key) || error.Covers(m.Key)))];
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors.Select(e => e.ToString()));
    }

    private static IEnumerable<OptionError> CheckAnnotations(object options, string path) =>
        options.GetType().GetProperties().SelectMany(member => CheckMember(options, member, $"{path}:{member.Name}"));

    private static IEnumerable<OptionError> CheckMember(object options, PropertyInfo member, string key)
    {
        var value = member.GetValue(options);
        var context = new ValidationContext(options) { MemberName = member.Name };
        var results = new List<ValidationResult>();
        Validator.TryValidateValue(value, context, results, member.GetCustomAttributes<ValidationAttribute>());
        return results.Select(r => new OptionError(key, r.ErrorMessage!)).Concat(value switch
        {
            IList list => list.Cast<object>().SelectMany((item, i) => CheckAnnotations(item, $"{key}:{i}")),
            not null when member.PropertyType.Namespace == typeof(ControlPlaneOptions).Namespace => CheckAnnotations(value, key),
            _ => [],
        });
    }

    private static IEnumerable<OptionError> CheckListen(ControlPlaneOptions options)
    {
        var (rest, grpc) = (ListenAddress.TryParse(options.Listen.Rest, out _), ListenAddress.TryParse(options.Listen.Grpc, out _));
        if (rest is { EndPoint.Port: > 0 } && grpc is not null && rest.EndPoint.Port == grpc.EndPoint.Port)
            yield return new OptionError("ControlPlane:Listen:Grpc", $"must have another port than ControlPlane:Listen:Rest ({rest.EndPoint.Port})");
        if (rest is { IsSecure: true } || grpc is { IsSecure: true })
        {
            if (string.IsNullOrEmpty(options.Tls.Certificate))
                yield return new OptionError("ControlPlane:Tls:Certificate", "must be set, because an address to listen on begins with https://");
            if (string.IsNullOrEmpty(options.Tls.Key))
                yield return new OptionError("ControlPlane:Tls:Key", "must be set, because an address to listen on begins with https://");
        }

        if (options.Access.Certificates.Count > 0 && string.IsNullOrEmpty(options.Tls.ClientAuthority))
            yield return new OptionError("ControlPlane:Tls:ClientAuthority", "must be set, because ControlPlane:Access:Certificates has roles of clients");
        if (options.Listen is { Rest: null or "", Grpc: null or "", UnixSocket: null or "" })
            yield return new OptionError("ControlPlane:Listen:UnixSocket", "must be set, because ControlPlane:Listen:Rest and ControlPlane:Listen:Grpc are empty");
    }

    private static IEnumerable<OptionError> CheckFolders(ControlPlaneOptions options)
    {
        if (options.PinRoot.Length > 0 && options.PinRoot.TrimEnd('/') == options.StateDirectory.TrimEnd('/'))
            yield return new OptionError("ControlPlane:StateDirectory", "must be another folder than ControlPlane:PinRoot");
    }

    private static IEnumerable<OptionError> CheckCapacity(ControlPlaneOptions options)
    {
        if (options.Capacity.CriticalPercent < options.Capacity.WarnPercent)
            yield return new OptionError("ControlPlane:Capacity:CriticalPercent", $"must not be less than ControlPlane:Capacity:WarnPercent ({options.Capacity.WarnPercent})");
    }

    private static IEnumerable<OptionError> CheckDescriptors(ControlPlaneOptions options)
    {
        if (FileDescriptors.Lacking(options.Limits.ConnectionsUnder(FileDescriptors.Limit), FileDescriptors.Limit) is { } error)
            yield return new OptionError("ControlPlane:Limits:Connections", error);
    }

    private static IEnumerable<OptionError> CheckDevmaps(ControlPlaneOptions options)
    {
        if (options.Devmaps.Count > DevmapLimits.MaxDevmaps)
            yield return new OptionError("ControlPlane:Devmaps", $"must be at most {DevmapLimits.MaxDevmaps} devmaps");
        var firstByName = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (i, devmap) in options.Devmaps.Index())
        {
            var key = $"ControlPlane:Devmaps:{i}";
            if (devmap.Name is { Length: > 0 } && !DevmapName.IsValid(devmap.Name))
                yield return new OptionError($"{key}:Name", $"{DevmapName.Rule}, but is '{devmap.Name}'");
            else if (devmap.Name is { Length: > 0 } && !firstByName.TryAdd(devmap.Name, i))
                yield return new OptionError($"{key}:Name", $"'{devmap.Name}' is already the name of ControlPlane:Devmaps:{firstByName[devmap.Name]}");
            if (devmap.MaxEntries < 1 || devmap.MaxEntries > options.Limits.MaxEntriesPerDevmap)
                yield return new OptionError($"{key}:MaxEntries",
                    $"must be 1 to {options.Limits.MaxEntriesPerDevmap} (ControlPlane:Limits:MaxEntriesPerDevmap)");
        }
    }
}
