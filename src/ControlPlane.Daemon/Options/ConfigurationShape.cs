using System.ComponentModel;
using System.Reflection;
using System.Text.Json;

namespace ControlPlane.Daemon.Options;

/// <summary>An error of the configuration.</summary>
/// <param name="Key">The whole configuration key, for instance <c>ControlPlane:Writer:MaxBatch</c>.</param>
/// <param name="Message">The error, and a value that is valid.</param>
internal sealed record OptionError(string Key, string Message)
{
    /// <summary>Whether the error of this key includes the other key, because the other lies below it.</summary>
    public bool Covers(string other) =>
        other.StartsWith(Key, StringComparison.OrdinalIgnoreCase) && (other.Length == Key.Length || other[Key.Length] == ':');

    /// <inheritdoc/>
    public override string ToString() => $"{Key}: {Message}";
}

/// <summary>
/// Compares a configuration section with the type that it is bound to. It reports every key that the type does not have, and every
/// value that its property cannot have. The binder of the framework would throw at the first of them.
/// </summary>
internal static class ConfigurationShape
{
    /// <summary>Binds the section to the options, except the keys of these errors.</summary>
    public static void Bind(IConfigurationSection section, object options, IReadOnlyCollection<OptionError> errors)
    {
        var valid = section.AsEnumerable().Where(pair => !errors.Any(error => error.Covers(pair.Key)));
        new ConfigurationBuilder().AddInMemoryCollection(valid).Build().GetSection(section.Path).Bind(options);
    }

    /// <summary>Returns the errors of a section, each with its whole key.</summary>
    public static IEnumerable<OptionError> Check(IConfigurationSection section, Type type)
    {
        var children = section.GetChildren().ToList();
        if (ElementType(type) is { } element)
            return CheckList(section, children, element);
        if (IsScalar(type))
            return CheckScalar(section, children, type);
        return !string.IsNullOrEmpty(section.Value)
            ? [new OptionError(section.Path, "must be an object with keys of its own")]
            : children.SelectMany(child => CheckMember(child, type));
    }

    private static IEnumerable<OptionError> CheckMember(IConfigurationSection child, Type owner)
    {
        var members = owner.GetProperties(BindingFlags.Public | BindingFlags.Instance);
        return members.FirstOrDefault(m => m.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)) is { } member
            ? Check(child, member.PropertyType)
            : [new OptionError(child.Path, $"is not a known key; known here: {string.Join(", ", members.Select(m => m.Name))}")];
    }

    private static IEnumerable<OptionError> CheckList(IConfigurationSection section, List<IConfigurationSection> children, Type element)
    {
        if (!string.IsNullOrEmpty(section.Value))
            return [new OptionError(section.Path, "must be a list")];
        return children.SelectMany(child => int.TryParse(child.Key, out _)
            ? Check(child, element)
            : [new OptionError(child.Path, "is not a known key; a list has the keys 0, 1, 2, ...")]);
    }

    private static IEnumerable<OptionError> CheckScalar(IConfigurationSection section, List<IConfigurationSection> children, Type type)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        if (children.Count > 0)
            yield return new OptionError(section.Path, $"must be one value, {Describe(target)}");
        else if (!CanTake(section.Value, type, target))
            yield return new OptionError(section.Path, $"must be {Describe(target)}, but is '{section.Value}'");
    }

    private static bool CanTake(string? value, Type type, Type target)
    {
        if (string.IsNullOrEmpty(value))
            return target == typeof(string) || type != target;
        // The converter of the framework would also accept the number of an enumeration's value.
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

    private static IEnumerable<string> Texts(Type enumeration) => Enum.GetNames(enumeration).Select(JsonNamingPolicy.CamelCase.ConvertName);
}
