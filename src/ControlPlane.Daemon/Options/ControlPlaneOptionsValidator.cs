using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using ControlPlane.Core.Devmaps;

namespace ControlPlane.Daemon.Options;

/// <summary>Checks bound options: each value by its annotations, then what concerns several values at once.</summary>
internal static class ControlPlaneOptionsValidator
{
    /// <summary>All faults, each with its configuration key.</summary>
    public static IEnumerable<OptionFault> Check(ControlPlaneOptions options) =>
        [.. CheckAnnotations(options, ControlPlaneOptions.Section), .. CheckListen(options), .. CheckFolders(options), .. CheckDevmaps(options)];

    private static IEnumerable<OptionFault> CheckAnnotations(object options, string path) =>
        options.GetType().GetProperties().SelectMany(member => CheckMember(options, member, $"{path}:{member.Name}"));

    private static IEnumerable<OptionFault> CheckMember(object options, PropertyInfo member, string key)
    {
        var value = member.GetValue(options);
        var context = new ValidationContext(options) { MemberName = member.Name };
        var results = new List<ValidationResult>();
        Validator.TryValidateValue(value, context, results, member.GetCustomAttributes<ValidationAttribute>());
        return results.Select(r => new OptionFault(key, Text(r))).Concat(value switch
        {
            IList list => list.Cast<object>().SelectMany((item, i) => CheckAnnotations(item, $"{key}:{i}")),
            not null when member.PropertyType.Namespace == typeof(ControlPlaneOptions).Namespace => CheckAnnotations(value, key),
            _ => [],
        });
    }

    // RequiredAttribute's own sentence repeats the member's name, which the key tells already.
    private static string Text(ValidationResult result) =>
        result.ErrorMessage is { } text && !text.EndsWith("is required.", StringComparison.Ordinal) ? text : "must be set";

    private static IEnumerable<OptionFault> CheckListen(ControlPlaneOptions options)
    {
        if (LoopbackAddressAttribute.TryParse(options.Listen.Rest) is { Port: > 0 } rest
            && LoopbackAddressAttribute.TryParse(options.Listen.Grpc) is { Port: > 0 } grpc && rest.Port == grpc.Port)
            yield return new OptionFault("ControlPlane:Listen:Grpc",
                $"must have another port than ControlPlane:Listen:Rest ({rest.Port}): without TLS one port speaks one version of HTTP");
    }

    private static IEnumerable<OptionFault> CheckFolders(ControlPlaneOptions options)
    {
        if (options.PinRoot.Length > 0 && options.PinRoot.TrimEnd('/') == options.StateDirectory.TrimEnd('/'))
            yield return new OptionFault("ControlPlane:StateDirectory", "must be another folder than ControlPlane:PinRoot");
    }

    private static IEnumerable<OptionFault> CheckDevmaps(ControlPlaneOptions options)
    {
        var firstByName = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (i, devmap) in options.Devmaps.Index())
        {
            var key = $"ControlPlane:Devmaps:{i}";
            if (devmap.Name is { Length: > 0 } && !DevmapName.IsValid(devmap.Name))
                yield return new OptionFault($"{key}:Name", $"{DevmapName.Rule}, but is '{devmap.Name}'");
            else if (devmap.Name is { Length: > 0 } && !firstByName.TryAdd(devmap.Name, i))
                yield return new OptionFault($"{key}:Name", $"'{devmap.Name}' is the name of ControlPlane:Devmaps:{firstByName[devmap.Name]} already");
            if (devmap.MaxEntries < 1 || devmap.MaxEntries > options.Limits.MaxEntriesPerDevmap)
                yield return new OptionFault($"{key}:MaxEntries",
                    $"must be 1 to {options.Limits.MaxEntriesPerDevmap} (ControlPlane:Limits:MaxEntriesPerDevmap)");
        }
    }
}
