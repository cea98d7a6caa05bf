using System.Collections;
using System.Globalization;

namespace ControlPlane.Daemon.Options;

/// <summary>The setting, or every setting of the section, can change while the daemon runs. All others take effect at the next start.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ReloadableAttribute : Attribute;

/// <summary>One setting as it is in effect.</summary>
/// <param name="Value">The value, as text.</param>
/// <param name="Reloadable">Whether it can change while the daemon runs.</param>
internal sealed record EffectiveSetting(string Value, bool Reloadable);

/// <summary>The settings of an options object, each with its whole key, defaults included.</summary>
internal static class EffectiveSettings
{
    /// <summary>Returns the settings by their keys.</summary>
    public static Dictionary<string, EffectiveSetting> Of(ControlPlaneOptions options)
    {
        var settings = new Dictionary<string, EffectiveSetting>(StringComparer.OrdinalIgnoreCase);
        Add(ControlPlaneOptions.Section, options, reloadable: false);
        return settings;

        void Add(string key, object? value, bool reloadable)
        {
            if (value is IList list)
            {
                foreach (var (i, item) in list.Cast<object>().Index())
                    Add($"{key}:{i}", item, reloadable);
            }
            else if (value is not null && value.GetType() is { IsEnum: false } type && type.Namespace == typeof(ControlPlaneOptions).Namespace)
            {
                foreach (var member in type.GetProperties())
                    Add($"{key}:{member.Name}", member.GetValue(value), reloadable || member.IsDefined(typeof(ReloadableAttribute), inherit: false));
            }
            else
            {
                settings[key] = new EffectiveSetting(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", reloadable);
            }
        }
    }
}
