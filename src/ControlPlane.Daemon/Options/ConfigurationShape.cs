using System.ComponentModel;
using System.Reflection;
using System.Text.Json;

namespace ControlPlane.Daemon.Options;

/// <summary>
/// Compares a configuration section with the type it is to be bound to and reports every key that the type does not
/// have and every value that its property cannot take. The standard binder would stop at the first of them.
/// </summary>
internal static class ConfigurationShape
{
    /// <summary>The faults of a section, each with its whole key.</summary>
    public static IEnumerable<OptionFault> Check(IConfigurationSection section, Type type)
    {
        var children = section.GetChildren().ToList();
        if (ElementType(type) is { } element)
            return CheckList(section, children, element);
        if (IsScalar(type))
            return CheckScalar(section, children, type);
        return !string.IsNullOrEmpty(section.Value)
            ? [new OptionFault(section.Path, "must be an object with keys of its own")]
            : children.SelectMany(child => CheckMember(child, type));
    }

    /// <summary>The text forms of an enumeration's values: their names in camelCase.</summary>
    public static IEnumerable<string> Texts(Type enumeration) =>
        Enum.GetNames(enumeration).Select(JsonNamingPolicy.CamelCase.ConvertName);

    private static IEnumerable<OptionFault> CheckMember(IConfigurationSection child, Type owner)
    {
        var members = owner.GetProperties(BindingFlags.Public | BindingFlags.Instance);
        return members.FirstOrDefault(m => m.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)) is { } member
            ? Check(child, member.PropertyType)
            : [new OptionFault(child.Path, $"is not a known key; known here: {string.Join(", ", members.Select(m => m.Name))}")];
    }

    private static IEnumerable<OptionFault> CheckList(IConfigurationSection section, List<IConfigurationSection> children, Type element)
    {
        if (!string.IsNullOrEmpty(section.Value))
            return [new OptionFault(section.Path, "must be a list")];
        return children.SelectMany(child => int.TryParse(child.Key, out _)
            ? Check(child, element)
            : [new OptionFault(child.Path, "is not a known key; a list takes 0, 1, 2, ...")]);
    }

    private static IEnumerable<OptionFault> CheckScalar(IConfigurationSection section, List<IConfigurationSection> children, Type type)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        if (children.Count > 0)
            yield return new OptionFault(section.Path, $"must be one value, {Describe(target)}");
        else if (!CanTake(section.Value, type, target))
            yield return new OptionFault(section.Path, $"must be {Describe(target)}, but is '{section.Value}'");
    }

    private static bool CanTake(string? value, Type type, Type target)
    {
        if (string.IsNullOrEmpty(value))
            return target == typeof(string) || type != target;
        // The standard conversion would take an enumeration's number, too.
        return target.IsEnum
            ? Texts(target).Contains(value, StringComparer.Ordinal)
            : TypeDescriptor.GetConverter(target).IsValid(value);
    }

    private static bool IsScalar(Type type) =>
        Nullable.GetUnderlyingType(type) is not null || type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan);

    private static Type? ElementType(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>) ? type.GetGenericArguments()[0] : null;

    private static string Describe(Type type) => type switch
    {
        { IsEnum: true } => "one of " + string.Join(", ", Texts(type)),
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(TimeSpan) => "a time span such as 00:00:10",
        _ when type == typeof(string) => "a text",
        _ => "a whole number",
    };
}
